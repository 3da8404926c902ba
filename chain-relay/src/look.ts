import type { BroadcastOutcome } from './evm/evm-node.ts';
import type { OutboxState } from './outbox-store.ts';
import type { RelayErrorCode } from './relay-error.ts';

/** What a look at an entry showed. `refusal` is what a node said of it last; it stays open, as it may have been taken before. */
export interface Look {
  readonly state: OutboxState;
  readonly refusal: RelayErrorCode | null;
}

/** What is known of an entry after it was broadcast once more. */
export function lookAfterBroadcast(outcome: BroadcastOutcome, state: OutboxState): Look {
  switch (outcome.kind) {
    case 'accepted':
      return { state: 'broadcast', refusal: null };
    case 'unclear':
      return { state, refusal: null };
    case 'refused':
      return { state, refusal: outcome.error.code };
  }
}
