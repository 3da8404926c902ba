/** A reproducible source of random test inputs (mulberry32). */
export interface SeededRandom {
  /** 0 to limit - 1. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** Lower-case hex digits of `length` bytes. */
  digits(length: number): string;
  /** Any integer in range, small ones and the ends more often. */
  integer(min: bigint, max: bigint): bigint;
  text(): string;
}

const alphabet = ['a', 'Z', '0', ' ', '"', '\\', '\n', '\0', 'é', '\u2028', '漢', '😀', '\uffff'];

export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  const digits = (length: number) =>
    Array.from({ length }, () => below(256).toString(16).padStart(2, '0')).join('');
  return {
    below,
    chance: (probability) => next() < probability,
    pick,
    digits,
    integer(min, max) {
      const kind = below(4);
      if (kind === 0) return pick([min, max]);
      const span = kind === 1 ? 300n : max - min + 1n;
      const offset = BigInt(`0x${digits(33)}`) % span;
      const value = kind === 1 && min < 0n ? offset - 150n : min + offset;
      if (value < min) return min;
      return value > max ? max : value;
    },
    text: () => Array.from({ length: below(below(8) === 0 ? 200 : 12) }, () => pick(alphabet)).join(''),
  };
}
