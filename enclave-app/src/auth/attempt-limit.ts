import { OperationError } from '@strongroom/shared/channel/operation-error';

const MAX_FAILURES = 16;
/** After a burst, one guess in a minute: fewer than 526,000 a year against 2^128 passphrases. */
const REFILL_MS = 60_000;
const MAX_PROJECTS = 65_536;

/** Limits wrong guesses at one project's recovery key, in this enclave's life. */
export interface AttemptLimit {
  /** @throws OperationError RATE_LIMITED */
  admit(projectId: Uint8Array, nowMs: number): void;
  noteFailure(projectId: Uint8Array, nowMs: number): void;
}

/** Sixteen failures at once, and one more a minute; a right signature is refused as well while there are too many. */
export function createAttemptLimit(): AttemptLimit {
  /** When the project's failures will all be forgiven. */
  const forgivenAtMs = new Map<string, number>();
  const keyOf = (projectId: Uint8Array) => Buffer.from(projectId).toString('hex');
  return {
    admit(projectId, nowMs) {
      const remainingMs = (forgivenAtMs.get(keyOf(projectId)) ?? 0) - nowMs;
      if (remainingMs > (MAX_FAILURES - 1) * REFILL_MS) throw new OperationError('RATE_LIMITED');
    },
    noteFailure(projectId, nowMs) {
      const key = keyOf(projectId);
      const since = Math.max(forgivenAtMs.get(key) ?? 0, nowMs);
      if (forgivenAtMs.size >= MAX_PROJECTS) forget(forgivenAtMs, nowMs);
      forgivenAtMs.set(key, since + REFILL_MS);
    },
  };
}

function forget(forgivenAtMs: Map<string, number>, nowMs: number): void {
  for (const [key, timeMs] of forgivenAtMs) if (timeMs <= nowMs) forgivenAtMs.delete(key);
}
