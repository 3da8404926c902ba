import type { PolicyAction } from '@strongroom/shared/api/policy';
import type { Outcome } from '../criterion.ts';

/**
 * Joins what a criterion says about each of several transfers or instructions; null where it cannot be known. To accept, all must
 * satisfy it, and there must be one: a transaction that holds nothing of the kind is not what the rule describes. To reject, one is
 * enough, or else a harmless instruction beside the forbidden one would lift the rule.
 * @param isIncomplete whether there may be more of them than could be read
 */
export function everyOrAny(
  action: PolicyAction,
  results: readonly (boolean | null)[],
  isIncomplete: boolean,
): Outcome {
  const isUnknown = isIncomplete || results.includes(null);
  if (action === 'reject') {
    if (results.includes(true)) return 'met';
    return isUnknown ? 'undecidable' : 'unmet';
  }
  if (results.includes(false) || results.length === 0) return 'unmet';
  return isUnknown ? 'undecidable' : 'met';
}
