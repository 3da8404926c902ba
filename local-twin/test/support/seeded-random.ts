/** A reproducible source of random choices (mulberry32). */
export interface SeededRandom {
  /** 0 to limit - 1. */
  below(limit: number): number;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
    },
  };
}
