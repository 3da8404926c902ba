import type { DecodedCall } from '../evm/calldata.ts';
import type { TypedData } from '../evm/typed-data.ts';
import type { SolanaMessage } from '../solana/message.ts';
import type { SearchBudget } from './pattern/search-pattern.ts';
import type { EvmCall } from './request-unit.ts';

/**
 * What a criterion says about a unit.
 * `undecidable`: it cannot be known; an accept rule then does not match and a reject rule does.
 * `invalid`: CDP's specification rejects the operation, whatever the rule's action.
 */
export type Outcome = 'met' | 'unmet' | 'undecidable' | 'invalid';

/** Shared by all criteria of one evaluation, so that many rules cost little more than one. */
export interface EvaluationContext extends SearchBudget {
  /** The unit's calldata as decoded so far, by the signature that it was decoded under. */
  readonly decodedCalls: Map<string, DecodedCall | 'undecidable'>;
}

type Test<Subject> = (subject: Subject, context: EvaluationContext) => Outcome;

/** A criterion made ready: its lists are sets, its patterns programs, its ABI layouts. */
export type CompiledCriterion =
  | { readonly subject: 'call'; readonly test: Test<EvmCall> }
  | { readonly subject: 'network'; readonly test: Test<string> }
  | { readonly subject: 'message'; readonly test: Test<string> }
  | { readonly subject: 'typedData'; readonly test: Test<TypedData> }
  | { readonly subject: 'transaction'; readonly test: Test<SolanaMessage> };

/** A conjunction: one unmet part decides, however unknown the others are. */
export function allOf(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('unmet')) return 'unmet';
  if (outcomes.includes('invalid')) return 'invalid';
  return outcomes.includes('undecidable') ? 'undecidable' : 'met';
}

export function outcomeOf(isMet: boolean | null): Outcome {
  if (isMet === null) return 'undecidable';
  return isMet ? 'met' : 'unmet';
}
