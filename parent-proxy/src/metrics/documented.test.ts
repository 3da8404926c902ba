import { readFileSync } from 'node:fs';
import { enclaveEvent } from '@strongroom/shared/operations/enclave-event';
import { NSM_ERROR_CODES, START_REFUSALS } from '@strongroom/shared/phase';
import type { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { addBacklogMetrics, addLazyResealMetrics } from './backlog-metrics.ts';
import { createMetrics } from './metrics.ts';

const operations = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');

/** The registry of a running proxy, which nothing is read from. */
function everyMetric(): Registry {
  const { registry } = createMetrics();
  addBacklogMetrics(registry, { store: {} as never, enclave: {} as never });
  addLazyResealMetrics(registry, { counts: { waiting: 0, resealed: 0, failed: 0 } });
  return registry;
}

describe('docs/operations.md', () => {
  it('names every metric', () => {
    const names = everyMetric()
      .getMetricsAsArray()
      .map(({ name }) => name);
    expect(names.length).toBeGreaterThan(35);
    for (const name of names) expect(operations.includes(`\`${name}\``), name).toBe(true);
  });

  it('names no metric that there is not', () => {
    const registry = everyMetric();
    for (const [name] of operations.matchAll(/strongroom_[a-z0-9_]+/g)) {
      expect(registry.getSingleMetric(name), name).toBeDefined();
    }
  });

  it('names every event of the enclave, and why it may fail at its start', () => {
    const events = enclaveEvent.options.map(({ entries }) => entries.event.literal);
    const reasons = [...START_REFUSALS, ...NSM_ERROR_CODES.filter((code) => /UNAVAILABLE|DEBUG/.test(code))];
    for (const name of [...events, ...reasons]) expect(operations.includes(`\`${name}\``), name).toBe(true);
  });
});
