import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import type { sendEvmTransaction } from '@strongroom/shared/operations/send-evm-transaction';
import type { Chains } from './chains.ts';
import type { NonceAllocator } from './nonce-allocation.ts';
import { FIRST_LOOK_AFTER_MS, type Outbox } from './outbox.ts';
import type { NonceLease, OutboxEntry } from './outbox-store.ts';
import type { RelayError } from './relay-error.ts';

/** What the enclave returns for a transaction that it signed. */
export type SignedSend = ResponseOf<typeof sendEvmTransaction>;

/** What the relay asks of the proxy, which knows the client's request, the database and the enclave. */
export interface SendingHands<Proposal> {
  readonly projectId: Uint8Array;
  /** Has the enclave authorize the request, complete it by the proposal, and sign it. @throws OperationError */
  readonly sign: (proposal: Proposal) => Promise<SignedSend>;
  /** Makes the signed transaction durable; after that, and not before, it may be shown to a node. */
  readonly keep: (entry: OutboxEntry, lease: NonceLease | null) => Promise<void>;
}

export interface SendingRelay {
  readonly chains: Chains;
  readonly nonces: NonceAllocator;
  readonly outbox: Pick<Outbox, 'deliver'>;
  readonly nowMs: () => number;
}

/**
 * Refuses a request that the relay cannot serve, after the enclave had its say: who may not send, or not this, learns nothing of nodes.
 * @param refusedProposal one that the enclave never signs by
 */
export async function refuseAuthorized<Proposal>(
  { sign }: { readonly sign: (proposal: Proposal) => Promise<unknown> },
  refusedProposal: Proposal,
  failure: RelayError,
): Promise<never> {
  try {
    await sign(refusedProposal);
  } catch (error) {
    const isAuthorized = error instanceof OperationError && error.code === 'PROPOSAL_REFUSED';
    if (!isAuthorized) throw error;
  }
  throw failure;
}

/** The entry of a transaction that nobody but this request is looking after yet. */
export function newEntry(
  { id, raw, tokenId, nonce }: SignedSend['transaction'],
  rest: Pick<OutboxEntry, 'network' | 'projectId' | 'sender' | 'proposal'>,
  nowMs: number,
): OutboxEntry {
  return {
    ...rest,
    id,
    raw,
    tokenId,
    nonce,
    state: 'stored',
    refusal: null,
    attempts: 0,
    createdAtMs: nowMs,
    dueAtMs: nowMs + FIRST_LOOK_AFTER_MS,
  };
}
