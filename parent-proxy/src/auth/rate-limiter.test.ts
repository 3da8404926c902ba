import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuditLog } from '../audit-events.ts';
import type { RequestError } from '../request-error.ts';
import type { RequestCount } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import { RATE_WINDOW_MS, type RateLimits, startRateLimiter } from './rate-limiter.ts';

const START_MS = 1_767_225_600_000;
const audit = createAuditLog(pino({ level: 'silent' }));

const memoryStore = () => {
  const counts = new Map<string, number>();
  const writes: number[] = [];
  return {
    writes,
    async addRequestCounts(windowStartMs: number, added: readonly RequestCount[]): Promise<RequestCount[]> {
      writes.push(added.length);
      return added.map(({ subject, requests }) => {
        const total = (counts.get(`${windowStartMs} ${subject}`) ?? 0) + requests;
        counts.set(`${windowStartMs} ${subject}`, total);
        return { subject, requests: total };
      });
    },
  };
};
type CountStore = Pick<ReturnType<typeof memoryStore>, 'addRequestCounts'>;

const principal = (apiKeyId: string, projectByte = 1) => ({
  apiKeyId,
  project: {
    projectId: new Uint8Array(32).fill(projectByte),
    authority: { version: 1, sealed: new Uint8Array(1) },
    clientSecret: new Uint8Array(1),
  },
});

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS + 2500 });
});
afterEach(() => {
  vi.useRealTimers();
});

const limiterOf = (limits: RateLimits, store: CountStore = memoryStore()) =>
  startRateLimiter({ limits, store, audit, nowMs: Date.now });

/** How many of many requests are let through. */
function admitted(limiter: ReturnType<typeof limiterOf>, of = principal('a'), attempts = 500): number {
  let count = 0;
  for (let i = 0; i < attempts; i += 1) {
    try {
      limiter.admit(of);
      count += 1;
    } catch (error) {
      expect((error as RequestError).code).toBe('RATE_LIMITED');
    }
  }
  return count;
}

describe('rate limits', () => {
  it('let a key make as many requests as it may in one window, and again in the next', () => {
    const limiter = limiterOf({ perKey: 20, perProject: 1000 });
    expect(admitted(limiter)).toBe(20);
    vi.advanceTimersByTime(RATE_WINDOW_MS - 2501);
    expect(admitted(limiter)).toBe(0);
    vi.advanceTimersByTime(1);
    expect(admitted(limiter)).toBe(20);
  });

  it('say in whole seconds when to try again', () => {
    const limiter = limiterOf({ perKey: 1, perProject: 10 });
    limiter.admit(principal('a'));
    expect(() => limiter.admit(principal('a'))).toThrow(
      expect.objectContaining({ code: 'RATE_LIMITED', headers: { 'retry-after': '8' } }),
    );
  });

  it('count keys of a project together, and projects apart', () => {
    const limiter = limiterOf({ perKey: 20, perProject: 30 });
    expect(admitted(limiter, principal('a'))).toBe(20);
    expect(admitted(limiter, principal('b'))).toBe(10);
    expect(admitted(limiter, principal('c', 2))).toBe(20);
  });

  it('hold for several proxies of one store together', async () => {
    const store = memoryStore();
    const limits = { perKey: 100, perProject: 1000 };
    const [first, second] = [limiterOf(limits, store), limiterOf(limits, store)];
    expect(admitted(first, principal('a'), 60)).toBe(60);
    expect(admitted(second, principal('a'), 30)).toBe(30);
    await vi.advanceTimersByTimeAsync(400);
    expect(admitted(first, principal('a'), 5)).toBe(5);
    await vi.advanceTimersByTimeAsync(400);
    // A proxy learns of the others when it shares its own.
    expect(admitted(second, principal('a'), 1)).toBe(1);
    await vi.advanceTimersByTimeAsync(400);
    expect(admitted(second)).toBe(4);
    await vi.advanceTimersByTimeAsync(400);
    expect(admitted(first, principal('a'), 1)).toBe(1);
    await vi.advanceTimersByTimeAsync(400);
    expect([admitted(first), admitted(second)]).toEqual([0, 0]);
  });

  it('let through a twentieth more for each further proxy, at most, when all are busy at once', async () => {
    const store = memoryStore();
    const limits = { perKey: 200, perProject: 100_000 };
    const limiters = Array.from({ length: 4 }, () => limiterOf(limits, store));
    let total = 0;
    for (let turn = 0; turn < 400; turn += 1) {
      for (const limiter of limiters) total += admitted(limiter, principal('a'), 1);
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(total).toBeGreaterThanOrEqual(200);
    expect(total).toBeLessThanOrEqual(200 + 3 * 10);
  });

  it('write nothing for keys that make few requests', async () => {
    const store = memoryStore();
    const limiter = limiterOf({ perKey: 1000, perProject: 10_000 }, store);
    for (let i = 0; i < 100; i += 1) admitted(limiter, principal(`key-${i}`, i), 3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.writes).toEqual([]);
    admitted(limiter, principal('busy'), 50);
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.writes).toEqual([1]);
  });

  it('go on by themselves while the store does not answer, and share what was kept back', async () => {
    const working = memoryStore();
    let isDown = true;
    let attempts = 0;
    const store = {
      addRequestCounts: (start: number, added: readonly RequestCount[]) => {
        attempts += 1;
        if (isDown) return Promise.reject(new StoreError('STORE_UNAVAILABLE'));
        return working.addRequestCounts(start, added);
      },
    };
    const limits = { perKey: 100, perProject: 1000 };
    const limiter = limiterOf(limits, store);
    expect(admitted(limiter, principal('a'), 60)).toBe(60);
    await vi.advanceTimersByTimeAsync(1000);
    expect(admitted(limiter, principal('a'), 10)).toBe(10);
    // Once per fifth of a second, and not once per request.
    expect(attempts).toBeLessThanOrEqual(6);
    isDown = false;
    await vi.advanceTimersByTimeAsync(400);
    const other = limiterOf(limits, store);
    expect(admitted(other, principal('a'), 10)).toBe(10);
    await vi.advanceTimersByTimeAsync(400);
    expect(admitted(other)).toBe(20);
  });
});
