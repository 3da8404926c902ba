// TRUST BOUNDARY: numbers of an enclave; the schema of get-metrics has bounded them, and names are looked up in the registry.
import type { getMetrics } from '@strongroom/shared/operations/get-metrics';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { isOperationName } from '@strongroom/shared/operations/registry';
import { PHASES, type Phase } from '@strongroom/shared/phase';
import { Counter, Gauge, type Registry } from 'prom-client';

export type EnclaveSnapshot = ResponseOf<typeof getMetrics>;

/** The enclave's own numbers under `strongroom_enclave_*`, as it told them last. Its counters begin anew with each of its lives. */
export interface EnclaveMetrics {
  /** @param phase null while the enclave does not answer */
  showPhase(phase: Phase | null): void;
  show(snapshot: EnclaveSnapshot): void;
  /** Takes away what is no longer known. */
  forget(): void;
  eventsDropped(count: number): void;
}

export function createEnclaveMetrics(registry: Registry): EnclaveMetrics {
  const phases = new Gauge({
    name: 'strongroom_enclave_phase',
    help: '1 for the phase that the enclave is in, and for unreachable while it does not answer.',
    labelNames: ['phase'],
    registers: [registry],
  });
  const dropped = new Counter({
    name: 'strongroom_enclave_events_dropped_total',
    help: 'Events that the enclave dropped before they were read.',
    registers: [registry],
  });
  const gauges = createGauges(registry);
  const counters = createCounters(registry);
  return {
    showPhase(current) {
      for (const phase of PHASES) phases.set({ phase }, phase === current ? 1 : 0);
      phases.set({ phase: 'unreachable' }, current === null ? 1 : 0);
    },
    show(snapshot) {
      counters.show(snapshot);
      gauges.show(snapshot);
    },
    forget() {
      counters.forget();
      gauges.forget();
    },
    eventsDropped: (count) => dropped.inc(count),
  };
}

/** Name, help and reading of every number that stands for itself. */
const GAUGES: readonly (readonly [string, string, (snapshot: EnclaveSnapshot) => number | null])[] = [
  ['uptime_seconds', 'Time since the enclave started.', ({ uptimeS }) => uptimeS],
  [
    'key_policy_age_seconds',
    'Time since KMS last showed the policy of every key as it must be.',
    ({ keyPolicyAgeS }) => keyPolicyAgeS,
  ],
  ['connections', 'Connections that the enclave has open.', ({ connections }) => connections.open],
  ['resident_bytes', 'Memory of the process, in whole MiB.', ({ memory }) => bytes(memory.residentMiB)],
  ['heap_used_bytes', 'JavaScript heap in use, in whole MiB.', ({ memory }) => bytes(memory.heapUsedMiB)],
  ['heap_limit_bytes', 'Limit of the JavaScript heap.', ({ memory }) => bytes(memory.heapLimitMiB)],
  [
    'event_loop_delay_p50_seconds',
    'Median delay of the event loop over a minute.',
    ({ eventLoopDelay }) => eventLoopDelay.p50Ms / 1000,
  ],
  [
    'event_loop_delay_p99_seconds',
    '99th percentile of the delay.',
    ({ eventLoopDelay }) => eventLoopDelay.p99Ms / 1000,
  ],
  ['event_loop_delay_max_seconds', 'Longest delay.', ({ eventLoopDelay }) => eventLoopDelay.maxMs / 1000],
  [
    'replay_window_entries',
    'Wallet tokens that cannot be used again yet.',
    ({ tables }) => tables?.replayWindow.entries ?? null,
  ],
  [
    'replay_window_capacity',
    'Beyond it, requests are refused.',
    ({ tables }) => tables?.replayWindow.capacity ?? null,
  ],
  [
    'record_marks_entries',
    'Records whose newest version is remembered.',
    ({ tables }) => tables?.recordMarks.entries ?? null,
  ],
  [
    'record_marks_capacity',
    'Beyond it, new ones are refused.',
    ({ tables }) => tables?.recordMarks.capacity ?? null,
  ],
];

const bytes = (mib: number) => mib * (1 << 20);

function createGauges(registry: Registry) {
  const gauges = GAUGES.map(([name, help, read]) => {
    const gauge = new Gauge({ name: `strongroom_enclave_${name}`, help, registers: [registry] });
    gauge.remove();
    return { gauge, read };
  });
  return {
    show(snapshot: EnclaveSnapshot): void {
      for (const { gauge, read } of gauges) {
        const value = read(snapshot);
        if (value === null) gauge.remove();
        else gauge.set(value);
      }
    },
    forget(): void {
      for (const { gauge } of gauges) gauge.remove();
    },
  };
}

function createCounters(registry: Registry) {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `strongroom_enclave_${name}`, help, labelNames, registers: [registry] });
  const requests = counter('requests_total', 'Operations decided in the enclave.', ['operation', 'outcome']);
  const unknown = counter('unknown_operations_total', 'Requests for operations that there are not.', []);
  const signatures = counter('signatures_total', 'Signatures made by wallet keys.', ['curve']);
  const kmsCalls = counter('kms_calls_total', 'Calls of KMS.', ['call', 'outcome']);
  const resealed = counter('rows_resealed_total', 'Projects and accounts sealed anew by rotations.', []);
  const accepted = counter('connections_total', 'Connections that the enclave took.', []);
  const events = counter('events_total', 'Events that the enclave reported.', []);
  const all = [requests, unknown, signatures, kmsCalls, resealed, accepted, events];
  return {
    show(snapshot: EnclaveSnapshot): void {
      for (const each of all) each.reset();
      for (const { operation, outcome, count } of snapshot.requests) {
        if (isOperationName(operation)) requests.inc({ operation, outcome }, count);
      }
      unknown.inc(snapshot.unknownOperations);
      signatures.inc({ curve: 'secp256k1' }, snapshot.signatures.secp256k1);
      signatures.inc({ curve: 'ed25519' }, snapshot.signatures.ed25519);
      for (const { call, outcome, count } of snapshot.kmsCalls) kmsCalls.inc({ call, outcome }, count);
      resealed.inc(snapshot.rowsResealed);
      accepted.inc(snapshot.connections.accepted);
      events.inc(snapshot.events.newest);
    },
    forget(): void {
      for (const each of all) each.reset();
    },
  };
}
