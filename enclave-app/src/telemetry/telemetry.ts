import { type Counters, createCounters } from './counters.ts';
import { createEventRing, type EventRing } from './event-ring.ts';
import { type LoopDelayWatch, watchLoopDelay } from './loop-delay.ts';

/** Beyond it a parent that reads every few seconds would have to cause hundreds of events a second itself. */
const KEPT_EVENTS = 1024;

/** What the enclave lets its operator see of its work. Kept in memory, pulled by the parent, sent to nobody. */
export interface Telemetry {
  readonly events: EventRing;
  readonly counters: Counters;
  readonly loopDelay: LoopDelayWatch['lastMinute'];
  /** Whole seconds since the process started. */
  uptimeS(): number;
  stop(): void;
}

export function startTelemetry(): Telemetry {
  const startedMs = performance.now();
  const uptimeS = () => Math.floor((performance.now() - startedMs) / 1000);
  const watch = watchLoopDelay();
  return {
    events: createEventRing(KEPT_EVENTS, uptimeS),
    counters: createCounters(),
    get loopDelay() {
      return watch.lastMinute;
    },
    uptimeS,
    stop: () => watch.stop(),
  };
}
