import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuditLog } from './audit-events.ts';
import { OUTBOX_RETENTION_MS, startHousekeeping } from './housekeeping.ts';
import { StoreError } from './store/store-error.ts';

const HOUR_MS = 60 * 60_000;
const START_MS = 1_767_225_600_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A store that has this many settled transactions to remove, 500 at once. */
function storeWith(settled: number) {
  let left = settled;
  const calls: [string, number][] = [];
  const noted = <T>(name: string, act: () => T) => {
    return (ms: number) => {
      calls.push([name, ms]);
      return Promise.resolve(act());
    };
  };
  return {
    calls,
    removeExpiredIdempotencyKeys: noted('idempotency', () => 0),
    removeSettledEntries: noted('outbox', () => {
      const removed = Math.min(left, 500);
      left -= removed;
      return removed;
    }),
    removePreparedUserOperations: noted('prepared', () => 0),
    removeOrphanedWalletKeys: noted('orphans', () => ({ removed: 0, isSuspicious: false })),
  };
}
const audit = createAuditLog(pino({ level: 'silent' }));

describe('housekeeping', () => {
  it('does nothing at a start, and cleans by the hour and by the day', async () => {
    const store = storeWith(1200);
    const { stop } = startHousekeeping(store, { audit, nowMs: Date.now });
    expect(store.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    const outbox = ['outbox', START_MS + HOUR_MS - OUTBOX_RETENTION_MS];
    const prepared = ['prepared', START_MS + HOUR_MS - 24 * HOUR_MS];
    expect(store.calls).toEqual([
      ['idempotency', START_MS + HOUR_MS],
      ...[outbox, outbox, outbox, outbox],
      prepared,
    ]);
    await vi.advanceTimersByTimeAsync(23 * HOUR_MS);
    expect(store.calls.filter(([name]) => name === 'orphans')).toEqual([
      ['orphans', START_MS + 24 * HOUR_MS],
    ]);
    stop();
    const { length } = store.calls;
    await vi.advanceTimersByTimeAsync(48 * HOUR_MS);
    expect(store.calls).toHaveLength(length);
  });

  it('keeps transactions for as long as it is told, and goes on after a failure', async () => {
    const store = storeWith(0);
    let isDown = true;
    const removeExpiredIdempotencyKeys = () =>
      isDown ? Promise.reject(new StoreError('STORE_UNAVAILABLE')) : Promise.resolve(0);
    const options = { audit, nowMs: Date.now, outboxRetentionMs: 5 * HOUR_MS };
    const { stop } = startHousekeeping({ ...store, removeExpiredIdempotencyKeys }, options);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(store.calls).toEqual([]);
    isDown = false;
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(store.calls).toEqual([
      ['outbox', START_MS - 3 * HOUR_MS],
      ['prepared', START_MS - 22 * HOUR_MS],
    ]);
    stop();
  });
});
