import type { AuditLog } from './audit-events.ts';
import type { Store } from './store/store.ts';
import { StoreError } from './store/store-error.ts';

const HOUR_MS = 60 * 60_000;
const HOURS_PER_DAY = 24;
/** Nobody signs an operation whose fees are a day old. */
const PREPARED_FOR_MS = HOURS_PER_DAY * HOUR_MS;
export const OUTBOX_RETENTION_MS = 90 * HOURS_PER_DAY * HOUR_MS;

export interface HousekeepingOptions {
  readonly audit: AuditLog;
  readonly nowMs: () => number;
  /** Longer than any idempotency key lives: a repeated request is led to the transaction that the first one made. */
  readonly outboxRetentionMs?: number;
}

type CleanedStore = Pick<
  Store,
  | 'removeExpiredIdempotencyKeys'
  | 'removeOrphanedWalletKeys'
  | 'removeSettledEntries'
  | 'removePreparedUserOperations'
>;

/**
 * Removes what has run out: hourly the idempotency keys, the transactions that were settled long ago and the user operations that nobody signed, daily the keys that no account
 * names. Never at a start.
 */
export function startHousekeeping(
  store: CleanedStore,
  { audit, nowMs, outboxRetentionMs = OUTBOX_RETENTION_MS }: HousekeepingOptions,
): { stop(): void } {
  let hours = 0;

  async function clean(): Promise<void> {
    hours += 1;
    try {
      await store.removeExpiredIdempotencyKeys(nowMs());
      while ((await store.removeSettledEntries(nowMs() - outboxRetentionMs)) > 0);
      while ((await store.removePreparedUserOperations(nowMs() - PREPARED_FOR_MS)) > 0);
      if (hours % HOURS_PER_DAY !== 0) return;
      const { removed, isSuspicious } = await store.removeOrphanedWalletKeys(nowMs());
      if (isSuspicious) audit.orphansSuspicious();
      else if (removed > 0) audit.orphansRemoved(removed);
    } catch (error) {
      audit.housekeepingFailed(error instanceof StoreError ? error.code : 'INTERNAL');
    }
  }

  const timer = setInterval(() => void clean(), HOUR_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
