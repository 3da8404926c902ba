import { OperationError } from '@strongroom/shared/channel/operation-error';

/** The enclave's time. Never the parent's. */
export interface Clock {
  /** Milliseconds since the Unix epoch; never less than before. */
  nowMs(): number;
  /** Resolves at or after the given time, at most a minute from now. */
  until(timeMs: number): Promise<void>;
}

/** Largest disagreement between the monotonic clock and a new anchor. */
export const MAX_CLOCK_DISAGREEMENT_MS = 30_000;

/** A monotonic clock that was told the time once by an attestation document, and is asked again to agree. */
export interface AnchoredClock extends Clock {
  /** When this enclave booted by its own anchor, in milliseconds since the Unix epoch. */
  readonly bootMs: number;
  /** @throws OperationError CLOCK_DISAGREES when the anchor is more than 30 s away from this clock */
  reanchor(timestampMs: number): void;
}

/**
 * Anchors a monotonic clock (milliseconds, any origin) to the timestamp of an attestation document of this enclave's own module.
 */
export function anchorClock(
  timestampMs: number,
  monotonicMs: () => number = () => performance.now(),
): AnchoredClock {
  let offsetMs = timestampMs - monotonicMs();
  let latestMs = timestampMs;
  const moduleTimeMs = () => Math.floor(monotonicMs() + offsetMs);
  /** Never goes back, whatever the anchors do: a token, once too old and forgotten, would be good again. */
  const nowMs = () => {
    latestMs = Math.max(latestMs, moduleTimeMs());
    return latestMs;
  };
  return {
    bootMs: timestampMs,
    nowMs,
    async until(timeMs) {
      for (let waitMs = timeMs - nowMs(); waitMs > 0; waitMs = timeMs - nowMs()) {
        await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs + 1, 60_000)));
      }
    },
    reanchor(anchorMs) {
      if (Math.abs(anchorMs - moduleTimeMs()) > MAX_CLOCK_DISAGREEMENT_MS)
        throw new OperationError('CLOCK_DISAGREES');
      nowMs();
      offsetMs = anchorMs - monotonicMs();
    },
  };
}
