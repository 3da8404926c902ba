import type { EvmMessageCriterion } from '@strongroom/shared/api/policy-evm';
import type { SolMessageCriterion } from '@strongroom/shared/api/policy-solana';
import { type CompiledCriterion, outcomeOf } from '../criterion.ts';
import { compilePattern, type PatternBudget } from '../pattern/compile-pattern.ts';
import { searchPattern } from '../pattern/search-pattern.ts';

/** The message against an RE2 pattern, anywhere in it. */
export function compileMessagePattern(
  { match }: EvmMessageCriterion | SolMessageCriterion,
  budget: PatternBudget,
): CompiledCriterion {
  const program = compilePattern(match, budget);
  return {
    subject: 'message',
    test: (message, context) => outcomeOf(searchPattern(program, message, context)),
  };
}
