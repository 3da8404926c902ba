import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/policy/pattern/compile-pattern.ts';
import { MAX_SEARCH_STEPS, searchPattern } from '../../src/policy/pattern/search-pattern.ts';

interface PatternVectors {
  texts: string[];
  valid: [pattern: string, expected: string][];
  invalid: string[];
}

const path = new URL('../../../vectors/policy/patterns/re2-search.json', import.meta.url);
const { texts, valid, invalid }: PatternVectors = JSON.parse(readFileSync(path, 'utf8'));

const compile = (pattern: string) => compilePattern(pattern, { remainingInstructions: 2000 });

describe('patterns as RE2 matches them', () => {
  it('has cases', () => {
    expect(valid.length).toBeGreaterThanOrEqual(600);
    expect(invalid.length).toBeGreaterThanOrEqual(300);
  });

  it.each(valid)('searches %j', (pattern, expected) => {
    const program = compile(pattern);
    const found = texts.map((text) => searchPattern(program, text, { remainingSteps: MAX_SEARCH_STEPS }));
    expect(found.map((isFound) => (isFound === true ? '1' : '0')).join('')).toBe(expected);
  });

  it.each(invalid)('refuses %j', (pattern) => {
    expect(() => compile(pattern)).toThrow(expect.objectContaining({ code: 'INVALID_POLICY' }));
  });
});
