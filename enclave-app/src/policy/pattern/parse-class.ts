import {
  type CharacterSet,
  type CodePointRange,
  characterSet,
  foldCase,
  invertRanges,
  MAX_CODE_POINT,
  mergeRanges,
  type UnicodeProperty,
  unicodeProperty,
} from './character-set.ts';
import { PERL_CLASSES, POSIX_CLASSES } from './named-classes.ts';
import { type PatternReader, refuse } from './pattern-reader.ts';

const CONTROL_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
]);

/**
 * Reads what follows a backslash and stands for one code point.
 * @throws INVALID_POLICY for back-references and for letters that RE2 gives no meaning
 */
export function parseEscapedCharacter(reader: PatternReader): number {
  const character = reader.next();
  const control = CONTROL_ESCAPES.get(character);
  if (control !== undefined) return control;
  if (character === 'x') return parseHexEscape(reader);
  if (/[0-7]/.test(character)) return parseOctalEscape(reader, character);
  const point = character.codePointAt(0) as number;
  if (point < 0x80 && !/[A-Za-z0-9]/.test(character)) return point;
  throw refuse('has an escape that RE2 does not know');
}

function parseHexEscape(reader: PatternReader): number {
  const digits = reader.take('{') ? reader.takeUntil('}') : reader.next() + reader.next();
  if (digits === null || !/^[0-9a-fA-F]{1,8}$/.test(digits)) throw refuse('has a malformed \\x escape');
  const point = Number.parseInt(digits, 16);
  if (point > MAX_CODE_POINT || (point >= 0xd800 && point <= 0xdfff)) {
    throw refuse('has an escape beyond Unicode');
  }
  return point;
}

/** \1 alone would be a back-reference; \0, \12 and \123 are octal. */
function parseOctalEscape(reader: PatternReader, first: string): number {
  if (first !== '0' && !/^[0-7]$/.test(reader.peek())) throw refuse('has a back-reference');
  let digits = first;
  while (digits.length < 3 && /^[0-7]$/.test(reader.peek())) digits += reader.next();
  return Number.parseInt(digits, 8);
}

/** Reads a Perl or Unicode class after its backslash, or returns null and reads nothing. */
export function parseEscapedClass(reader: PatternReader, foldsCase: boolean): CharacterSet | null {
  const letter = reader.peek();
  const perl = PERL_CLASSES.get(letter.toLowerCase());
  if (perl !== undefined) {
    reader.next();
    const ranges = foldsCase ? foldCase(perl) : perl;
    return characterSet(letter === letter.toLowerCase() ? ranges : invertRanges(ranges));
  }
  if (letter !== 'p' && letter !== 'P') return null;
  if (foldsCase) throw refuse('has a Unicode class where case is ignored');
  reader.next();
  const name = reader.take('{') ? reader.takeUntil('}') : reader.next();
  if (name === null) throw refuse('has a malformed Unicode class');
  const isNegated = (letter === 'P') !== name.startsWith('^');
  const property = unicodeProperty(name.replace(/^\^/, ''), isNegated);
  return { ranges: [], properties: [property], isNegated: false };
}

/** Reads a bracketed class after its "[". */
export function parseBracketClass(reader: PatternReader, foldsCase: boolean): CharacterSet {
  const isNegated = reader.take('^');
  const ranges: CodePointRange[] = [];
  const properties: UnicodeProperty[] = [];
  let isFirst = true;
  while (isFirst || reader.peek() !== ']') {
    isFirst = false;
    const named = parseNamedMember(reader, foldsCase);
    if (named !== null) {
      ranges.push(...named.ranges);
      properties.push(...named.properties);
      continue;
    }
    const range = parseRange(reader);
    ranges.push(...(foldsCase ? foldCase([range]) : [range]));
  }
  reader.next();
  return { ranges: mergeRanges(ranges), properties, isNegated };
}

function parseNamedMember(reader: PatternReader, foldsCase: boolean): CharacterSet | null {
  if (reader.peek() === '[' && reader.peek(1) === ':') {
    reader.take('[:');
    const name = reader.takeUntil(':]');
    const posix = name === null ? undefined : POSIX_CLASSES.get(name.replace(/^\^/, ''));
    if (name === null || posix === undefined) throw refuse('has an unknown [:class:]');
    const ranges = foldsCase ? foldCase(posix) : posix;
    return characterSet(name.startsWith('^') ? invertRanges(ranges) : ranges);
  }
  if (reader.peek() !== '\\' || !/^[dDsSwWpP]$/.test(reader.peek(1))) return null;
  reader.next();
  return parseEscapedClass(reader, foldsCase);
}

function parseRange(reader: PatternReader): CodePointRange {
  const first = parseClassCharacter(reader);
  if (reader.peek() !== '-' || reader.peek(1) === ']' || reader.peek(1) === '') return [first, first];
  reader.next();
  const last = parseClassCharacter(reader);
  if (last < first) throw refuse('has a range that runs backwards');
  return [first, last];
}

function parseClassCharacter(reader: PatternReader): number {
  return reader.take('\\') ? parseEscapedCharacter(reader) : (reader.next().codePointAt(0) as number);
}
