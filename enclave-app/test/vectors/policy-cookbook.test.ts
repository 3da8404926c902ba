import { readFileSync } from 'node:fs';
import { policyCreateBody } from '@strongroom/shared/api/policy';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile-policy.ts';

const cookbook = readFileSync(new URL('../../../docs/policies.md', import.meta.url), 'utf8');
const recipes = Array.from(cookbook.matchAll(/```json\n(.*?)```/gs), ([, text]) =>
  JSON.parse(text as string),
);

describe('recipes of docs/policies.md', () => {
  it('are found', () => {
    expect(recipes.length).toBeGreaterThanOrEqual(7);
  });

  it.each(recipes)('$description', (recipe) => {
    const { rules } = v.parse(policyCreateBody, recipe);
    const compiled = compilePolicy('recipe', rules);
    const count = [...compiled.rulesByOperation.values()].reduce((sum, list) => sum + list.length, 0);
    expect(count).toBe(rules.length);
  });
});
