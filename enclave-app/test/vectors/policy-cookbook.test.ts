import { readFileSync } from 'node:fs';
import { evaluatePolicyBody } from '@strongroom/shared/api/evaluate-body';
import { policyCreateBody } from '@strongroom/shared/api/policy';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile-policy.ts';

const cookbook = readFileSync(new URL('../../../docs/policies.md', import.meta.url), 'utf8');
const examples = Array.from(cookbook.matchAll(/```json\n(.*?)```/gs), ([, text]) =>
  JSON.parse(text as string),
);
const recipes = examples.filter((example) => 'scope' in example);
const dryRuns = examples.filter((example) => !('scope' in example));

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

  it('are followed by a dry run that the service takes', () => {
    expect(dryRuns).toHaveLength(1);
    for (const dryRun of dryRuns) v.parse(evaluatePolicyBody, dryRun);
  });
});
