import { getRootKey } from '@strongroom/shared/operations/get-root-key';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Enclave } from '../enclave/enclave.ts';
import type { LazyReseal } from '../rotation/lazy-reseal.ts';
import type { BacklogStore } from '../store/backlog.ts';

const CALL_DEADLINE_MS = 2000;
/** Counting what a rotation has left reads every row, so it is done no more often, and only while one is under way. */
const COUNT_INTERVAL_MS = 60_000;

export interface BacklogOptions {
  readonly store: BacklogStore;
  readonly enclave: Pick<Enclave, 'call' | 'status'>;
}

/** Adds what is left to do, read when the operator asks for it. A number that cannot be read is left out. */
export function addBacklogMetrics(registry: Registry, { store, enclave }: BacklogOptions): void {
  new Gauge({
    name: 'strongroom_outbox_entries',
    help: 'Transactions that are not settled: stored and not sent, broadcast and not final.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      this.reset();
      const depth = await store.countOutbox().catch(() => null);
      for (const [state, entries] of Object.entries(depth ?? {})) this.set({ state }, entries);
    },
  });
  const progress = rotationProgress({ store, enclave });
  new Gauge({
    name: 'strongroom_rotation_generations',
    help: 'Generations of the root key that the enclave holds; more than one while a rotation is under way.',
    registers: [registry],
    async collect() {
      show(this, (await progress())?.generations);
    },
  });
  new Gauge({
    name: 'strongroom_rotation_rows_remaining',
    help: 'Projects and accounts not yet sealed under the newest generation; counted once a minute.',
    registers: [registry],
    async collect() {
      show(this, (await progress())?.remaining);
    },
  });
}

/** Adds what became of rows that were sealed anew because they were used. */
export function addLazyResealMetrics(registry: Registry, lazyReseal: Pick<LazyReseal, 'counts'>): void {
  new Counter({
    name: 'strongroom_lazy_reseals_total',
    help: 'Rows of an older generation that were used: sealed anew, or left for the next use or for the rotation.',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      const { resealed, failed } = lazyReseal.counts;
      this.reset();
      this.inc({ outcome: 'resealed' }, resealed);
      this.inc({ outcome: 'failed' }, failed);
    },
  });
}

function show(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}

interface Progress {
  readonly generations: number;
  readonly remaining: number;
}

/** Where a rotation is; null while the enclave or the store does not say. Both gauges of a scrape share one reading. */
function rotationProgress({ store, enclave }: BacklogOptions): () => Promise<Progress | null> {
  let counted = { generation: 0, remaining: 0, atMs: Number.NEGATIVE_INFINITY };
  let reading: Promise<Progress | null> | null = null;

  async function remainingOf(generation: number): Promise<number> {
    const isFresh = performance.now() - counted.atMs < COUNT_INTERVAL_MS;
    if (isFresh && counted.generation === generation) return counted.remaining;
    const remaining = await store.countOtherGeneration(generation);
    counted = { generation, remaining, atMs: performance.now() };
    return remaining;
  }

  async function read(): Promise<Progress | null> {
    if (enclave.status?.phase !== 'ready') return null;
    const { roots } = await enclave.call(getRootKey, {}, CALL_DEADLINE_MS);
    if (roots.length < 2) return { generations: roots.length, remaining: 0 };
    const newest = Math.max(...roots.map(({ generation }) => generation));
    return { generations: roots.length, remaining: await remainingOf(newest) };
  }

  return () => {
    reading ??= read()
      .catch(() => null)
      .finally(() => {
        reading = null;
      });
    return reading;
  };
}
