import { OperationError } from '@strongroom/shared/channel/operation-error';

const MAX_PROJECTS = 65_536;

/** Limits wrong guesses at one project's key or codes, in this enclave's life. */
export interface AttemptLimit {
  /** @throws OperationError RATE_LIMITED */
  admit(projectId: Uint8Array, nowMs: number): void;
  noteFailure(projectId: Uint8Array, nowMs: number): void;
}

export interface AttemptBudget {
  /** Failures at once. */
  readonly burst: number;
  /** How long it takes until one more is forgiven. */
  readonly refillMs: number;
}

/** Sixteen at once, then one in a minute, are told that they are wrong; the others are told to stop. */
export const RECOVERY_ATTEMPTS: AttemptBudget = { burst: 16, refillMs: 60_000 };
/** One guess in an hour: 8,760 a year, each right with three of a million codes (one step of clock skew on both sides). */
export const FACTOR_ATTEMPTS: AttemptBudget = { burst: 5, refillMs: 60 * 60_000 };

/** Whoever asks `admit` before he looks at a guess refuses the right one too while there were too many failures. */
export function createAttemptLimit({ burst, refillMs }: AttemptBudget): AttemptLimit {
  /** When the project's failures will all be forgiven. */
  const forgivenAtMs = new Map<string, number>();
  const keyOf = (projectId: Uint8Array) => Buffer.from(projectId).toString('hex');
  return {
    admit(projectId, nowMs) {
      const remainingMs = (forgivenAtMs.get(keyOf(projectId)) ?? 0) - nowMs;
      if (remainingMs > (burst - 1) * refillMs) throw new OperationError('RATE_LIMITED');
    },
    noteFailure(projectId, nowMs) {
      const key = keyOf(projectId);
      const since = Math.max(forgivenAtMs.get(key) ?? 0, nowMs);
      if (forgivenAtMs.size >= MAX_PROJECTS) forget(forgivenAtMs, nowMs);
      forgivenAtMs.set(key, since + refillMs);
    },
  };
}

function forget(forgivenAtMs: Map<string, number>, nowMs: number): void {
  for (const [key, timeMs] of forgivenAtMs) if (timeMs <= nowMs) forgivenAtMs.delete(key);
}
