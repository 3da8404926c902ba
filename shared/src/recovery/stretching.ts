/** How a recovery passphrase becomes a key: Argon2id (RFC 9106), version 0x13, 32 bytes, salt = project id. */
export interface Stretching {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** The least that client and enclave accept: RFC 9106 section 4's second choice, on one lane because browsers have no threads for it. */
export const MIN_STRETCHING: Stretching = { memoryKiB: 65_536, passes: 3, parallelism: 1 };
/** The most, so that nobody is sent to compute for hours. */
export const MAX_STRETCHING: Stretching = { memoryKiB: 2_097_152, passes: 64, parallelism: 16 };

/** Whether each cost is within the limits and none is less than `least`. Lanes are no cost to who guesses, so they may change. */
export function isStrongEnough(stretching: Stretching, least: Stretching = MIN_STRETCHING): boolean {
  const { memoryKiB, passes, parallelism } = stretching;
  return (
    memoryKiB >= least.memoryKiB &&
    passes >= least.passes &&
    parallelism >= MIN_STRETCHING.parallelism &&
    memoryKiB <= MAX_STRETCHING.memoryKiB &&
    passes <= MAX_STRETCHING.passes &&
    parallelism <= MAX_STRETCHING.parallelism
  );
}
