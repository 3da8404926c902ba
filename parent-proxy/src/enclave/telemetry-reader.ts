import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { getMetrics } from '@strongroom/shared/operations/get-metrics';
import { readEvents } from '@strongroom/shared/operations/read-events';
import type { AuditLog } from '../audit-events.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { isSame } from './supplier.ts';

/** Heartbeats wait for it, so it is short. */
const DEADLINE_MS = 1000;
/** More than the enclave keeps: what comes in meanwhile is read the next time. */
const MAX_READS = 16;

/** Pulls events and metrics out of the enclave: the events become lines of the log, each once. */
export interface TelemetryReader {
  /** @returns the code of what went wrong, null when nothing did */
  read(): Promise<string | null>;
}

export interface TelemetryReaderOptions {
  readonly call: OperationClient['call'];
  readonly audit: AuditLog;
  readonly metrics: Pick<Metrics, 'enclave'>;
}

export function createTelemetryReader({ call, audit, metrics }: TelemetryReaderOptions): TelemetryReader {
  let bootId: Uint8Array = new Uint8Array(0);
  let newestRead = 0;

  async function readSome(): Promise<boolean> {
    const read = await call(readEvents, { after: newestRead }, DEADLINE_MS);
    if (!isSame(read.bootId, bootId)) {
      const isFirst = newestRead === 0;
      bootId = read.bootId;
      newestRead = 0;
      // The number was of another life, and these events are perhaps not all of this one.
      if (!isFirst) return true;
    }
    if (read.dropped > 0) {
      audit.enclaveEventsDropped(read.dropped);
      metrics.enclave.eventsDropped(read.dropped);
    }
    for (const event of read.events) audit.enclaveEvent(read.bootId, event);
    newestRead = read.events.at(-1)?.sequence ?? read.newest;
    return newestRead < read.newest;
  }

  return {
    async read() {
      try {
        for (let reads = 0; reads < MAX_READS && (await readSome()); reads += 1);
        metrics.enclave.show(await call(getMetrics, {}, DEADLINE_MS));
        return null;
      } catch (error) {
        return error instanceof OperationError ? error.code : 'INTERNAL';
      }
    },
  };
}
