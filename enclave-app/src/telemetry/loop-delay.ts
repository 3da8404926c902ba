import { monitorEventLoopDelay } from 'node:perf_hooks';

const WINDOW_MS = 60_000;
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** Delays of the event loop in whole milliseconds. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Watches the event loop, and shows the last whole minute: a reader learns nothing of single requests from it. */
export interface LoopDelayWatch {
  readonly lastMinute: LoopDelay;
  stop(): void;
}

export function watchLoopDelay(): LoopDelayWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let lastMinute: LoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };
  // The histogram holds times between ticks of its own timer, so what is beyond the resolution is delay.
  const delayMs = (ns: number) => Math.max(0, Math.round(ns / NS_PER_MS) - RESOLUTION_MS);
  const timer = setInterval(() => {
    lastMinute = {
      p50Ms: delayMs(histogram.percentile(50)),
      p99Ms: delayMs(histogram.percentile(99)),
      maxMs: delayMs(histogram.max),
    };
    histogram.reset();
  }, WINDOW_MS);
  timer.unref();
  return {
    get lastMinute() {
      return lastMinute;
    },
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
