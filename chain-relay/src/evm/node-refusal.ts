import type { NodeRefusal } from '../json-rpc.ts';
import type { RelayErrorCode } from '../relay-error.ts';

export type RefusalKind = RelayErrorCode | 'ALREADY_KNOWN';

/**
 * There are no error codes for a refused transaction (EIP-1474 has one for all), so clients' words decide: geth, erigon, reth and
 * anvil, nethermind, besu. What may pass by itself stays open rather than refused.
 */
const PATTERNS: readonly (readonly [RegExp, RefusalKind])[] = [
  [
    /already known|known transaction|alreadyknown|already imported|already in (?:the )?(?:mem)?pool/i,
    'ALREADY_KNOWN',
  ],
  [/replacement|could not replace|too low to replace/i, 'REPLACEMENT_UNDERPRICED'],
  [/nonce (?:is )?too low|oldnonce|nonce below/i, 'NONCE_TOO_LOW'],
  [
    /insufficient (?:funds|balance)|insufficientfunds|enough funds|upfront cost exceeds/i,
    'INSUFFICIENT_FUNDS',
  ],
  [
    /pool (?:is )?full|timeout|timed out|busy|rate limit|unavailable|internal error|too many|syncing/i,
    'NODE_UNREACHABLE',
  ],
  [/revert/i, 'EXECUTION_REVERTED'],
  [
    /underpriced|fee too low|less than block base fee|feetoolow|below (?:the )?(?:base|minimum)/i,
    'FEE_TOO_LOW',
  ],
];

/** What a node meant when it refused a transaction or its simulation. */
export function classifyRefusal({ nodeMessage }: Pick<NodeRefusal, 'nodeMessage'>): RefusalKind {
  return PATTERNS.find(([pattern]) => pattern.test(nodeMessage))?.[1] ?? 'TRANSACTION_REFUSED';
}
