import type { AuditLog } from '../audit-events.ts';
import { RequestError } from '../request-error.ts';
import type { Principal, RequestCount, Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';

/** How many requests are taken in each window of ten seconds. */
export interface RateLimits {
  readonly perKey: number;
  readonly perProject: number;
}

/**
 * Counts authenticated requests in fixed windows, for all proxies that share a store. No request waits for the store: a proxy shares its
 * count, and learns of the others', after each twentieth of the limit and five times a second. So a window lets through at most the limit,
 * and for each further proxy a twentieth of it and what comes within one write of the store.
 */
export interface RateLimiter {
  /** @throws RequestError RATE_LIMITED with Retry-After */
  admit(principal: Pick<Principal, 'apiKeyId' | 'project'>): void;
  stop(): Promise<void>;
}

export const RATE_WINDOW_MS = 10_000;
const SHARE_INTERVAL_MS = 200;
/** Whoever has used less than this part of its limit at one proxy is not worth a write; more is shared at once. */
const QUIET_SHARE = 1 / 20;

interface Counter {
  readonly limit: number;
  /** Admitted here in this window. */
  own: number;
  /** Of those, how many the store knows of. */
  shared: number;
  /** Admitted by other proxies, as far as the store knows. */
  others: number;
}

export interface RateLimiterOptions {
  readonly limits: RateLimits;
  readonly store: Pick<Store, 'addRequestCounts'>;
  readonly audit: AuditLog;
  readonly nowMs: () => number;
}

export function startRateLimiter({ limits, store, audit, nowMs }: RateLimiterOptions): RateLimiter {
  let window: Window = { startMs: 0, counters: new Map() };
  const sharing = createSharing(() => window, { store, audit });
  const timer = setInterval(() => sharing.shareAll(), SHARE_INTERVAL_MS);
  timer.unref();
  return {
    admit({ apiKeyId, project }) {
      const now = nowMs();
      const startMs = now - (now % RATE_WINDOW_MS);
      if (startMs !== window.startMs) window = { startMs, counters: new Map() };
      const [key, projectKey] = [`key ${apiKeyId}`, `project ${hexOf(project.projectId)}`];
      const ofKey = counterOf(window, key, limits.perKey);
      const ofProject = counterOf(window, projectKey, limits.perProject);
      if (isSpent(ofKey) || isSpent(ofProject)) throw rateLimited(startMs + RATE_WINDOW_MS - now);
      ofKey.own += 1;
      ofProject.own += 1;
      if (isWorthSharing(ofKey)) sharing.shareNext(key);
      if (isWorthSharing(ofProject)) sharing.shareNext(projectKey);
    },
    async stop() {
      clearInterval(timer);
      await sharing.end();
    },
  };
}

interface Window {
  readonly startMs: number;
  readonly counters: Map<string, Counter>;
}

function counterOf({ counters }: Window, subject: string, limit: number): Counter {
  let counter = counters.get(subject);
  if (counter === undefined) {
    counter = { limit, own: 0, shared: 0, others: 0 };
    counters.set(subject, counter);
  }
  return counter;
}

/** Writes counts into the store and learns those of others, one write at a time. */
interface Sharing {
  /** After the write that is under way, if there is one; what is admitted until then goes with it. */
  shareNext(subject: string): void;
  shareAll(): void;
  end(): Promise<void>;
}

function createSharing(
  newest: () => Window,
  { store, audit }: Pick<RateLimiterOptions, 'store' | 'audit'>,
): Sharing {
  let line: Promise<void> = Promise.resolve();
  /** Subjects that are worth a write now; all others wait for the timer. */
  const due = new Set<string>();
  /** After a failure only the timer tries again. */
  let hasFailed = false;

  async function share(subjects: readonly string[]): Promise<void> {
    const { startMs, counters } = newest();
    const added = unshared(counters, subjects);
    if (added.length === 0) return;
    try {
      const totals = await store.addRequestCounts(startMs, added);
      for (const { subject, requests } of added) settle(counters.get(subject), requests, subject, totals);
      hasFailed = false;
    } catch (error) {
      hasFailed = true;
      audit.batchNotWritten('request-counts', error instanceof StoreError ? error.code : 'INTERNAL');
    }
  }

  return {
    shareNext(subject) {
      if (hasFailed) return;
      if (due.size === 0) {
        line = line.then(() => {
          const subjects = [...due];
          due.clear();
          return share(subjects);
        });
      }
      due.add(subject);
    },
    shareAll() {
      line = line.then(() => share([...newest().counters.keys()]));
    },
    end: () => line,
  };
}

function unshared(
  counters: ReadonlyMap<string, Counter>,
  subjects: readonly string[],
): readonly RequestCount[] {
  return subjects.flatMap((subject) => {
    // A new window may have begun since.
    const counter = counters.get(subject);
    if (counter === undefined || counter.own < counter.limit * QUIET_SHARE) return [];
    const requests = counter.own - counter.shared;
    return requests > 0 ? [{ subject, requests }] : [];
  });
}

function settle(
  counter: Counter | undefined,
  added: number,
  subject: string,
  totals: readonly RequestCount[],
): void {
  const total = totals.find((each) => each.subject === subject);
  if (counter === undefined || total === undefined) return;
  counter.shared += added;
  counter.others = total.requests - counter.shared;
}

function isWorthSharing({ own, shared, limit }: Counter): boolean {
  return own - shared >= Math.max(limit * QUIET_SHARE, 1);
}

function isSpent({ own, others, limit }: Counter): boolean {
  return own + others >= limit;
}

function rateLimited(waitMs: number): RequestError {
  return new RequestError('RATE_LIMITED', { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
