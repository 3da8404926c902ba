import { describe, expect, it } from 'vitest';
import { compilePattern, MAX_PROGRAM_LENGTH } from './compile-pattern.ts';
import { MAX_SEARCH_STEPS, searchPattern } from './search-pattern.ts';

const compile = (pattern: string) => compilePattern(pattern, { remainingInstructions: 2000 });
const search = (pattern: string, text: string) =>
  searchPattern(compile(pattern), text, { remainingSteps: MAX_SEARCH_STEPS });
const invalid = expect.objectContaining({ code: 'INVALID_POLICY' });

describe('searchPattern', () => {
  it.each([
    ['^CDP:.*', 'CDP: Hello World', true],
    ['^CDP:.*', 'Hello CDP:', false],
    ['^hello ([a-z]+)$', 'hello world', true],
    ['^hello ([a-z]+)$', 'hello world\n', false],
    ['transfer\\s+[0-9]+\\s+tokens', 'I want to transfer 1000 tokens to my friend', true],
    ['forbidden', 'not forbidden here', true],
    ['(?i)forbidden', 'FORBIDDEN', true],
    ['(?i)kiss', '\u212ai\u017f\u017f', true],
    ['^.$', '\u{1f600}', true],
    ['^\\x{1F600}$', '\u{1f600}', true],
    ['^\ufffd$', '\ud800', true],
    ['^\\p{Greek}+$', '\u03b1\u03b2', true],
    ['^\\P{Greek}+$', '\u03b1', false],
    ['^[^\\n]+$', 'a\nb', false],
    ['(?m)^b$', 'a\nb\nc', true],
    ['a{2,3}$', 'baaa', true],
    ['^a{2,3}$', 'aaaa', false],
    ['\\v', '\v', true],
    ['\\s', '\v', false],
  ])('%j in %j is %s', (pattern, text, expected) => {
    expect(search(pattern, text)).toBe(expected);
  });

  it('takes linear time where a backtracking engine would take exponential time', () => {
    const budget = { remainingSteps: MAX_SEARCH_STEPS };
    expect(searchPattern(compile('^(a+)+$'), `${'a'.repeat(5000)}!`, budget)).toBe(false);
    expect(MAX_SEARCH_STEPS - budget.remainingSteps).toBeLessThan(5002 * 10);
  });

  it('gives up with null when the budget is spent', () => {
    expect(searchPattern(compile('a+b'), 'aaaa', { remainingSteps: 5 })).toBeNull();
  });
});

describe('compilePattern', () => {
  it.each([
    '(',
    ')',
    '[a',
    'a**',
    '*a',
    '(?=a)',
    '(?<!a)',
    '(a)\\1',
    '\\Z',
    '\\C',
    '\\y',
    'a{1001}',
    'a{3,2}',
    '[z-a]',
    '[[:nope:]]',
    '\\p{Nope}',
    '\\p{C}',
    '\\x{110000}',
    '\\xg0',
    'a\\',
    '(?P<n>a)(?P<n>b)',
    '(?P<>a)',
    '(?i)\u00e9',
    '(?i)\\pL',
    '\ud800',
    '('.repeat(51) + ')'.repeat(51),
  ])('refuses %j', (pattern) => {
    expect(() => compile(pattern)).toThrow(invalid);
  });

  it('bounds the programs of a policy together', () => {
    const budget = { remainingInstructions: 1500 };
    compilePattern('a{1000}', budget);
    expect(() => compilePattern('a{1000}', budget)).toThrow(invalid);
  });

  it('bounds the program', () => {
    expect(compile('(a{100}){10}').instructions.length).toBeLessThanOrEqual(MAX_PROGRAM_LENGTH);
    expect(() => compile('(a{100}){100}')).toThrow(invalid);
    expect(() => compile('(((a{0}){1000}){1000}){1000}')).toThrow(invalid);
  });
});
