import { PolicyError } from '../policy-error.ts';

export const MAX_CODE_POINT = 0x10ffff;
const LATIN_SMALL_LONG_S = 0x17f;
const KELVIN_SIGN = 0x212a;

/** Inclusive ranges of code points. */
export type CodePointRange = readonly [first: number, last: number];

/** A set of code points: sorted disjoint ranges, and Unicode properties that V8's own tables decide. */
export interface CharacterSet {
  readonly ranges: readonly CodePointRange[];
  readonly properties: readonly UnicodeProperty[];
  readonly isNegated: boolean;
}

export interface UnicodeProperty {
  /** Matches one code point; never applied to longer text. */
  readonly test: RegExp;
  readonly isNegated: boolean;
}

// RE2's names (general categories without C, whose members differ between libraries, and frequent scripts).
const CATEGORIES = /^(?:L[ulmto]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?)$/;
const SCRIPTS =
  /^(?:Arabic|Armenian|Bengali|Cyrillic|Devanagari|Georgian|Greek|Han|Hangul|Hebrew|Hiragana|Katakana|Latin|Tamil|Thai)$/;

/**
 * Finds a Unicode class by its RE2 name.
 * @throws INVALID_POLICY when the name is not one of the supported categories and scripts
 */
export function unicodeProperty(name: string, isNegated: boolean): UnicodeProperty {
  if (CATEGORIES.test(name)) return { test: new RegExp(`^\\p{${name}}$`, 'u'), isNegated };
  if (SCRIPTS.test(name)) return { test: new RegExp(`^\\p{Script=${name}}$`, 'u'), isNegated };
  throw new PolicyError('The regular expression names an unknown Unicode class.');
}

/** Sorts and merges. */
export function characterSet(ranges: readonly CodePointRange[], isNegated = false): CharacterSet {
  return { ranges: mergeRanges(ranges), properties: [], isNegated };
}

export function mergeRanges(ranges: readonly CodePointRange[]): CodePointRange[] {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function invertRanges(ranges: readonly CodePointRange[]): CodePointRange[] {
  const inverted: CodePointRange[] = [];
  let next = 0;
  for (const [first, last] of mergeRanges(ranges)) {
    if (first > next) inverted.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= MAX_CODE_POINT) inverted.push([next, MAX_CODE_POINT]);
  return inverted;
}

/**
 * Adds the other case of ASCII letters, and the two characters outside ASCII that fold to an ASCII letter.
 * @throws INVALID_POLICY for other characters, whose folding would need Unicode's tables
 */
export function foldCase(ranges: readonly CodePointRange[]): CodePointRange[] {
  const folded: CodePointRange[] = [...ranges];
  for (const [first, last] of ranges) {
    if (last > 0x7f && !(first <= 0x80 && last === MAX_CODE_POINT)) {
      throw new PolicyError('Case-insensitive matching in a regular expression is for ASCII characters.');
    }
    for (let letter = 0x61; letter <= 0x7a; letter += 1) {
      const contains = (point: number) => first <= point && point <= last;
      if (!contains(letter) && !contains(letter - 0x20)) continue;
      folded.push([letter, letter], [letter - 0x20, letter - 0x20]);
      if (letter === 0x73) folded.push([LATIN_SMALL_LONG_S, LATIN_SMALL_LONG_S]);
      if (letter === 0x6b) folded.push([KELVIN_SIGN, KELVIN_SIGN]);
    }
  }
  return mergeRanges(folded);
}

export function setContains(set: CharacterSet, point: number): boolean {
  let isMember = rangesContain(set.ranges, point);
  if (!isMember && set.properties.length > 0) {
    const text = String.fromCodePoint(point);
    isMember = set.properties.some(({ test, isNegated }) => test.test(text) !== isNegated);
  }
  return isMember !== set.isNegated;
}

/** Binary search, so that a class of hundreds of ranges costs no more than a small one. */
function rangesContain(ranges: readonly CodePointRange[], point: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const [first, last] = ranges[middle] as CodePointRange;
    if (point < first) high = middle - 1;
    else if (point > last) low = middle + 1;
    else return true;
  }
  return false;
}
