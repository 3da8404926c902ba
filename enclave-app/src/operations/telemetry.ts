import { getHeapStatistics } from 'node:v8';
import type { getMetrics } from '@strongroom/shared/operations/get-metrics';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { readEvents } from '@strongroom/shared/operations/read-events';
import type { Lifecycle } from '../boot/lifecycle.ts';
import type { ReadyService } from '../ready-service.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

const MIB = 1 << 20;

/** What an enclave can tell of itself; `service` is null before it is ready. */
export interface TelemetryContext {
  readonly lifecycle: Lifecycle;
  readonly telemetry: Telemetry;
  readonly service: Pick<ReadyService, 'replayWindow' | 'marks'> | null;
}

export function handleReadEvents(
  { after }: ParsedRequestOf<typeof readEvents>,
  { lifecycle, telemetry }: TelemetryContext,
): ResponseOf<typeof readEvents> {
  const { newest } = telemetry.events;
  return { bootId: lifecycle.bootId, ...telemetry.events.readAfter(after), newest };
}

/** Memory and tables are rounded down to what an operator needs: they are no means to watch one request. */
export function handleGetMetrics(
  _request: ParsedRequestOf<typeof getMetrics>,
  { lifecycle, telemetry, service }: TelemetryContext,
): ResponseOf<typeof getMetrics> {
  const { counters, events } = telemetry;
  const checkedAtMs = lifecycle.keyPoliciesCheckedAtMs;
  return {
    bootId: lifecycle.bootId,
    uptimeS: telemetry.uptimeS(),
    requests: counters.requests.entries().map(({ name, ...rest }) => ({ operation: name, ...rest })),
    unknownOperations: counters.unknownOperations,
    signatures: { ...counters.signatures },
    kmsCalls: counters.kmsCalls.entries().map(({ name, ...rest }) => ({ call: name, ...rest })),
    keyPolicyAgeS: checkedAtMs === null ? null : secondsSince(checkedAtMs, lifecycle.clock.nowMs()),
    rowsResealed: counters.rowsResealed,
    connections: { ...counters.connections },
    tables: service === null ? null : tablesOf(service),
    memory: memoryInMiB(),
    eventLoopDelay: { ...telemetry.loopDelay },
    events: { newest: events.newest, kept: events.kept },
  };
}

function tablesOf({ replayWindow, marks }: Pick<ReadyService, 'replayWindow' | 'marks'>) {
  return {
    replayWindow: { entries: replayWindow.size, capacity: replayWindow.capacity },
    recordMarks: { entries: marks.size, capacity: marks.capacity },
  };
}

function memoryInMiB() {
  const { rss, heapUsed } = process.memoryUsage();
  const inMiB = (bytes: number) => Math.floor(bytes / MIB);
  return {
    residentMiB: inMiB(rss),
    heapUsedMiB: inMiB(heapUsed),
    heapLimitMiB: inMiB(getHeapStatistics().heap_size_limit),
  };
}

/** The clock may have been set back a little between the two. */
function secondsSince(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - thenMs) / 1000));
}
