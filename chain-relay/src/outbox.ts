import { setTimeout as sleep } from 'node:timers/promises';
import { EVM_CHAIN_IDS, type EvmNetwork } from '@strongroom/shared/api/networks';
import type { Chains } from './chains.ts';
import type { BroadcastOutcome } from './evm/evm-node.ts';
import { followEvmEntry } from './evm/follow.ts';
import type { Look } from './look.ts';
import type { OutboxEntry, OutboxStore } from './outbox-store.ts';
import { isRelayError, RelayError, type RelayErrorCode } from './relay-error.ts';
import { followSolanaEntry } from './solana/follow.ts';

/** How long the request that made an entry may be at it alone. */
export const FIRST_LOOK_AFTER_MS = 30_000;
/** Of that, the time for which the client is kept waiting. */
const FIRST_ATTEMPT_MS = 15_000;
const ROUND_INTERVAL_MS = 2000;
const ROUND_SIZE = 20;
const CLAIM_MS = 60_000;
const MIN_DELAY_MS = 2000;
const MAX_DELAY_MS = 5 * 60_000;

export interface OutboxOptions {
  readonly store: OutboxStore;
  readonly chains: Chains;
  readonly nowMs: () => number;
  /** Told when an entry changed its state, or a round could not read the store. */
  readonly onEvent: (event: OutboxEvent) => void;
}

export type OutboxEvent =
  | { readonly kind: 'moved'; readonly entry: OutboxEntry; readonly look: Look }
  | { readonly kind: 'failed'; readonly code: string };

/** Brings signed transactions to the chain, whatever ends in between. */
export interface Outbox {
  /**
   * Broadcasts an entry that was just stored. It stays in the outbox unless every node that was asked refused it.
   * @throws RelayError the refusal
   */
  deliver(entry: OutboxEntry): Promise<void>;
  /** The same for a request that is repeated. @throws RelayError the refusal of the first time */
  deliverAgain(entry: OutboxEntry): Promise<void>;
  /** Looks after what is open, at once and from then on. */
  start(): void;
  stop(): Promise<void>;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { chains } = options;
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();

  function begin(): void {
    round = runRound(options).then(() => {
      if (timer !== null) timer = setTimeout(begin, ROUND_INTERVAL_MS).unref();
    });
  }

  return {
    deliver: (entry) => deliver(entry, options),
    async deliverAgain(entry) {
      if (entry.state === 'refused')
        throw new RelayError((entry.refusal ?? 'TRANSACTION_REFUSED') as RelayErrorCode);
      if (entry.state === 'stored' || entry.state === 'broadcast') await broadcast(entry, chains);
    },
    start() {
      timer = setTimeout(begin, 0).unref();
    },
    async stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await round;
    },
  };
}

async function deliver(entry: OutboxEntry, { store, chains, nowMs, onEvent }: OutboxOptions): Promise<void> {
  const outcome = await Promise.race([
    broadcast(entry, chains),
    sleep(FIRST_ATTEMPT_MS, { kind: 'unclear' } as const, { ref: false }),
  ]);
  if (outcome.kind !== 'refused') {
    const look: Look = { state: outcome.kind === 'accepted' ? 'broadcast' : 'stored', refusal: null };
    const isMine = await store.recordProgress(entry, { ...look, dueAtMs: nowMs() + MIN_DELAY_MS });
    if (isMine && look.state !== entry.state) onEvent({ kind: 'moved', entry, look });
    return;
  }
  const { error } = outcome;
  if (!(await store.refuseEntry(entry, error.code))) return;
  onEvent({ kind: 'moved', entry, look: { state: 'refused', refusal: error.code } });
  throw error;
}

/** Looks after what is due. Never rejects. */
async function runRound(options: OutboxOptions): Promise<void> {
  const { store, nowMs, onEvent } = options;
  try {
    const now = nowMs();
    const due = await store.claimDueEntries(ROUND_SIZE, { nowMs: now, untilMs: now + CLAIM_MS });
    await Promise.all(due.map((entry) => lookAfter(entry, options)));
  } catch (error) {
    onEvent({ kind: 'failed', code: codeOf(error) });
  }
}

async function lookAfter(
  entry: OutboxEntry,
  { store, chains, nowMs, onEvent }: OutboxOptions,
): Promise<void> {
  try {
    const look = await follow(entry, chains);
    const delayMs = Math.min(MIN_DELAY_MS * 2 ** Math.min(entry.attempts, 16), MAX_DELAY_MS);
    const isMine = await store.recordProgress(entry, { ...look, dueAtMs: nowMs() + delayMs });
    if (isMine && look.state !== entry.state) onEvent({ kind: 'moved', entry, look });
  } catch (error) {
    // The claim runs out, and the entry is due again.
    onEvent({ kind: 'failed', code: codeOf(error) });
  }
}

async function broadcast(entry: OutboxEntry, chains: Chains): Promise<BroadcastOutcome> {
  try {
    const node = isEvm(entry.network) ? chains.evm(entry.network) : chains.solana(entry.network);
    const outcome = await node.broadcast(entry.raw);
    if (outcome.kind !== 'refused' || outcome.error.code !== 'NONCE_TOO_LOW' || !isEvm(entry.network))
      return outcome;
    // Too low because it is this very transaction that was mined.
    const receipt = await chains.evm(entry.network).receipt(entry.id);
    return receipt === null ? outcome : { kind: 'accepted' };
  } catch (error) {
    if (isRelayError(error)) return { kind: 'unclear' };
    throw error;
  }
}

function follow(entry: OutboxEntry, chains: Chains): Promise<Look> {
  const { network } = entry;
  return isEvm(network)
    ? followEvmEntry(entry, chains.evm(network))
    : followSolanaEntry(entry, chains.solana(network));
}

function isEvm(network: string): network is EvmNetwork {
  return Object.hasOwn(EVM_CHAIN_IDS, network);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
}
