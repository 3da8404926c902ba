import type { OperationName } from '@strongroom/shared/operations/registry';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { StoreErrorCode } from '../store/store-error.ts';
import { createEnclaveMetrics } from './enclave-metrics.ts';

const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 40];
const ROUND_TRIP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 40];
const STORE_SECONDS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** Where a request went: a route as it is declared, never the path that was asked for. */
export interface RouteLabel {
  readonly method: string;
  readonly route: string;
}

/** What no route matched. Its method is the caller's, so it is not a label. */
export const UNMATCHED: RouteLabel = { method: 'other', route: 'unmatched' };

/**
 * Everything that the proxy counts, one function each. What may be a label is decided here alone: names of routes, operations and verbs,
 * statuses and codes, all of closed sets. No id, address, token or path is one.
 */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registers = [new Registry()] as const;
  const [registry] = registers;
  return {
    registry,
    ...httpMetrics(registers),
    ...roundTripMetrics(registers),
    ...storeMetrics(registers),
    enclave: createEnclaveMetrics(registry),
  };
}

type Registers = readonly [Registry];

function httpMetrics(registers: Registers) {
  const answered = new Counter({
    name: 'strongroom_http_requests_total',
    help: 'HTTP requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers: [...registers],
  });
  const duration = new Histogram({
    name: 'strongroom_http_request_duration_seconds',
    help: 'Time from the head of an HTTP request to its answer.',
    labelNames: ['method', 'route'],
    buckets: HTTP_SECONDS,
    registers: [...registers],
  });
  const inFlight = new Gauge({
    name: 'strongroom_http_requests_in_flight',
    help: 'HTTP requests that are not answered yet.',
    registers: [...registers],
  });
  const malformed = new Counter({
    name: 'strongroom_http_malformed_total',
    help: 'Requests that were not HTTP, or not for a server.',
    registers: [...registers],
  });
  const refusals = new Counter({
    name: 'strongroom_refusals_total',
    help: 'Requests refused or failed, by the code of the refusal.',
    labelNames: ['code'],
    registers: [...registers],
  });
  const queueRefusals = new Counter({
    name: 'strongroom_queue_refusals_total',
    help: 'Requests refused because too many waited: for their turn at one name or nonce, or for the enclave.',
    labelNames: ['queue'],
    registers: [...registers],
  });
  return {
    /** @returns what to call with the status of the answer */
    httpRequestStarted({ method, route }: RouteLabel): (status: number) => void {
      const startedMs = performance.now();
      inFlight.inc();
      return (status) => {
        inFlight.dec();
        answered.inc({ method, route, status });
        duration.observe({ method, route }, secondsSince(startedMs));
      };
    },
    httpMalformed(): void {
      malformed.inc();
    },
    refused: (code: string) => refusals.inc({ code }),
    queueRefused: (queue: 'turns' | 'enclave') => queueRefusals.inc({ queue }),
  };
}

function roundTripMetrics(registers: Registers) {
  const answered = new Counter({
    name: 'strongroom_round_trips_total',
    help: 'Calls of the enclave, by operation and outcome.',
    labelNames: ['operation', 'outcome'],
    registers: [...registers],
  });
  const duration = new Histogram({
    name: 'strongroom_round_trip_duration_seconds',
    help: 'Time of a call of the enclave and back.',
    labelNames: ['operation'],
    buckets: ROUND_TRIP_SECONDS,
    registers: [...registers],
  });
  const inFlight = new Gauge({
    name: 'strongroom_round_trips_in_flight',
    help: 'Calls of the enclave that are not answered yet.',
    registers: [...registers],
  });
  const retried = new Counter({
    name: 'strongroom_round_trips_retried_total',
    help: 'Calls made again after their connection was lost.',
    labelNames: ['operation'],
    registers: [...registers],
  });
  const connections = new Counter({
    name: 'strongroom_link_connections_total',
    help: 'Connections made to the enclave; the first one counts.',
    registers: [...registers],
  });
  const restarts = new Counter({
    name: 'strongroom_link_restarts_total',
    help: 'Times that the enclave was found to be another one than before.',
    registers: [...registers],
  });
  const missed = new Counter({
    name: 'strongroom_link_heartbeats_missed_total',
    help: 'Heartbeats that the enclave did not answer in time, or that found no connection.',
    registers: [...registers],
  });
  return {
    /** @returns what to call with the outcome, once */
    roundTripStarted(operation: OperationName): (outcome: string) => void {
      const startedMs = performance.now();
      inFlight.inc();
      return (outcome) => {
        inFlight.dec();
        answered.inc({ operation, outcome });
        duration.observe({ operation }, secondsSince(startedMs));
      };
    },
    roundTripRetried: (operation: OperationName) => retried.inc({ operation }),
    enclaveConnected: () => connections.inc(),
    enclaveRestarted: () => restarts.inc(),
    heartbeatMissed: () => missed.inc(),
  };
}

function storeMetrics(registers: Registers) {
  const duration = new Histogram({
    name: 'strongroom_store_duration_seconds',
    help: 'Time of one verb of the store, with all that it asks of the databases.',
    labelNames: ['verb'],
    buckets: STORE_SECONDS,
    registers: [...registers],
  });
  const errors = new Counter({
    name: 'strongroom_store_errors_total',
    help: 'Verbs of the store that failed, by code.',
    labelNames: ['code'],
    registers: [...registers],
  });
  return {
    storeVerbDone(verb: string, startedMs: number): void {
      duration.observe({ verb }, secondsSince(startedMs));
    },
    storeFailed: (code: StoreErrorCode | 'INTERNAL') => errors.inc({ code }),
  };
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
