import type { CodePointRange } from './character-set.ts';

const digit: CodePointRange[] = [[0x30, 0x39]];
const upper: CodePointRange[] = [[0x41, 0x5a]];
const lower: CodePointRange[] = [[0x61, 0x7a]];
const alpha = [...upper, ...lower];
const alnum = [...digit, ...alpha];
const word: CodePointRange[] = [...alnum, [0x5f, 0x5f]];
const range = (first: number, last: number): CodePointRange[] => [[first, last]];

/** Perl's \d \s \w as RE2 has them: ASCII, and no vertical tab among spaces. */
export const PERL_CLASSES: ReadonlyMap<string, readonly CodePointRange[]> = new Map([
  ['d', digit],
  ['s', [...range(0x09, 0x0a), ...range(0x0c, 0x0d), ...range(0x20, 0x20)]],
  ['w', word],
]);

/** [:name:], ASCII. */
export const POSIX_CLASSES: ReadonlyMap<string, readonly CodePointRange[]> = new Map([
  ['alnum', alnum],
  ['alpha', alpha],
  ['ascii', range(0x00, 0x7f)],
  ['blank', [...range(0x09, 0x09), ...range(0x20, 0x20)]],
  ['cntrl', [...range(0x00, 0x1f), ...range(0x7f, 0x7f)]],
  ['digit', digit],
  ['graph', range(0x21, 0x7e)],
  ['lower', lower],
  ['print', range(0x20, 0x7e)],
  ['punct', [...range(0x21, 0x2f), ...range(0x3a, 0x40), ...range(0x5b, 0x60), ...range(0x7b, 0x7e)]],
  ['space', [...range(0x09, 0x0d), ...range(0x20, 0x20)]],
  ['upper', upper],
  ['word', word],
  ['xdigit', [...digit, ...range(0x41, 0x46), ...range(0x61, 0x66)]],
]);

export function isWordCharacter(point: number): boolean {
  return word.some(([first, last]) => first <= point && point <= last);
}
