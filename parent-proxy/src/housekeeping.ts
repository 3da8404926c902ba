import type { AuditLog } from './audit-events.ts';
import type { Store } from './store/store.ts';
import { StoreError } from './store/store-error.ts';

const HOUR_MS = 60 * 60_000;
const HOURS_PER_DAY = 24;

/** Removes what has run out: hourly the idempotency keys, daily the keys that no account names. Never at a start. */
export function startHousekeeping(
  store: Pick<Store, 'removeExpiredIdempotencyKeys' | 'removeOrphanedWalletKeys'>,
  { audit, nowMs }: { readonly audit: AuditLog; readonly nowMs: () => number },
): { stop(): void } {
  let hours = 0;

  async function clean(): Promise<void> {
    hours += 1;
    try {
      await store.removeExpiredIdempotencyKeys(nowMs());
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
