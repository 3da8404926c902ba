import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EvmNode } from './evm/evm-node.ts';
import type { NonceLease, OutboxStore } from './outbox-store.ts';
import { RelayError } from './relay-error.ts';

/** Longer than the proxy waits for the enclave: a holder that is still alive has stored its transaction or given up. */
const LEASE_MS = 60_000;
const MAX_WAIT_MS = 20_000;
const POLL_MS = 25;

export interface AllocatedNonce {
  readonly nonce: number;
  /** Has to be held still when the transaction is stored. */
  readonly lease: NonceLease;
}

export interface NonceAllocator {
  /**
   * Lends the next nonce of an account to `use`, which stores a transaction with it or leaves it for the next. One at a time per
   * account over all proxies: a nonce that was lent and not used would be a gap that every later payment waits behind.
   * @throws RelayError ACCOUNT_BUSY, and those of the node
   */
  withNonce<T>(node: EvmNode, sender: string, use: (allocated: AllocatedNonce) => Promise<T>): Promise<T>;
}

export function createNonceAllocator(
  store: Pick<OutboxStore, 'takeNonceLease' | 'releaseNonceLease' | 'usedNonces'>,
  nowMs: () => number,
): NonceAllocator {
  /** Requests of this process queue here, so that only one of them polls the database. */
  const queues = new Map<string, Promise<unknown>>();

  function inTurn<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (queues.get(key) ?? Promise.resolve()).then(act, act);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    queues.set(key, settled);
    void settled.then(() => queues.get(key) === settled && queues.delete(key));
    return turn;
  }

  async function take(lease: NonceLease, deadlineMs: number): Promise<void> {
    for (;;) {
      const now = nowMs();
      if (now > deadlineMs) throw new RelayError('ACCOUNT_BUSY');
      if (await store.takeNonceLease(lease, { nowMs: now, expiresAtMs: now + LEASE_MS })) return;
      await sleep(POLL_MS * (1 + Math.random()));
    }
  }

  return {
    withNonce(node, sender, use) {
      const deadlineMs = nowMs() + MAX_WAIT_MS;
      const lease: NonceLease = { network: node.network, sender, holder: randomBytes(16) };
      return inTurn(`${node.network} ${sender}`, async () => {
        await take(lease, deadlineMs);
        try {
          return await use({ nonce: await nextNonce(node, sender, store), lease });
        } finally {
          // If this fails the lease runs out by itself.
          await store.releaseNonceLease(lease).catch(() => undefined);
        }
      });
    },
  };
}

/** The first nonce that neither the chain, nor the node's pool, nor the outbox has: a node may lag behind or have lost its pool. */
async function nextNonce(
  node: EvmNode,
  sender: string,
  store: Pick<OutboxStore, 'usedNonces'>,
): Promise<number> {
  const pending = await node.transactionCount(sender, 'pending');
  const used = await store.usedNonces({ network: node.network, sender }, pending);
  let nonce = pending;
  while (used.has(nonce)) nonce += 1;
  return nonce;
}
