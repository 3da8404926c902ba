// TRUST BOUNDARY: raw CBOR bytes from the other side of the enclave's wall.
import { isUtf8 } from 'node:buffer';
import { WireError } from './wire-error.ts';

/** Deepest nesting of arrays and maps. */
export const MAX_CBOR_DEPTH = 16;
/** Most data items in one message, map keys counted. */
export const MAX_CBOR_ITEMS = 65_536;

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  items: number;
}

/**
 * Walks the bytes once, before anything decodes them, and passes only the deterministic encoding of RFC 8949 section 4.2.1
 * restricted to unsigned integers up to 2^53-1, byte strings, text, arrays, false, true, null and maps whose keys are field
 * names: a letter, then letters and digits, at most 64 characters.
 * A library that decodes first and compares afterwards lets floats, revived classes and wide integers through.
 * @throws WireError with the code of the first rule broken
 */
export function assertStrictCbor(bytes: Uint8Array): void {
  const cursor: Cursor = { bytes, at: 0, items: 0 };
  walkItem(cursor, 0);
  if (cursor.at !== bytes.length) throw new WireError('CBOR_TRAILING_BYTES');
}

function walkItem(c: Cursor, depth: number): void {
  if (depth > MAX_CBOR_DEPTH) throw new WireError('CBOR_TOO_DEEP');
  if (++c.items > MAX_CBOR_ITEMS) throw new WireError('CBOR_TOO_MANY_ITEMS');
  const major = peekMajor(c);
  if (major === 7) {
    walkSimple(c);
    return;
  }
  const value = readHead(c);
  switch (major) {
    case 0:
      return;
    case 2:
      skip(c, value);
      return;
    case 3:
      skipText(c, value);
      return;
    case 4:
      if (value > c.bytes.length - c.at) throw new WireError('CBOR_TRUNCATED');
      for (let i = 0; i < value; i++) walkItem(c, depth + 1);
      return;
    case 5:
      walkMap(c, value, depth);
      return;
    default:
      throw new WireError('CBOR_TYPE_REFUSED');
  }
}

function walkMap(c: Cursor, pairs: number, depth: number): void {
  if (pairs * 2 > c.bytes.length - c.at) throw new WireError('CBOR_TRUNCATED');
  let previousAt = -1;
  let previousEnd = -1;
  for (let i = 0; i < pairs; i++) {
    if (++c.items > MAX_CBOR_ITEMS) throw new WireError('CBOR_TOO_MANY_ITEMS');
    if (peekMajor(c) !== 3) throw new WireError('CBOR_KEY_NOT_TEXT');
    const length = readHead(c);
    const at = c.at;
    skip(c, length);
    assertFieldName(c.bytes, at, c.at);
    if (previousAt >= 0) assertAscending(c.bytes, previousAt, previousEnd, at, c.at);
    previousAt = at;
    previousEnd = c.at;
    walkItem(c, depth + 1);
  }
}

/** Minimal heads make the bytewise order of encoded keys: shorter first, then by content. */
function assertAscending(
  bytes: Uint8Array,
  aStart: number,
  aEnd: number,
  bStart: number,
  bEnd: number,
): void {
  let order = aEnd - aStart - (bEnd - bStart);
  for (let i = 0; order === 0 && i < aEnd - aStart; i++) {
    order = (bytes[aStart + i] as number) - (bytes[bStart + i] as number);
  }
  if (order === 0) throw new WireError('CBOR_KEY_DUPLICATE');
  if (order > 0) throw new WireError('CBOR_KEY_ORDER');
}

/** Field names keep `__proto__`, array indexes and text of every script out of decoded objects. */
function assertFieldName(bytes: Uint8Array, start: number, end: number): void {
  if (end === start || end - start > 64) throw new WireError('CBOR_KEY_REFUSED');
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (!isLetter && !(isDigit && i > start)) throw new WireError('CBOR_KEY_REFUSED');
  }
}

function walkSimple(c: Cursor): void {
  const initial = c.bytes[c.at++];
  if (initial !== 0xf4 && initial !== 0xf5 && initial !== 0xf6) throw new WireError('CBOR_TYPE_REFUSED');
}

function peekMajor(c: Cursor): number {
  const initial = c.bytes[c.at];
  if (initial === undefined) throw new WireError('CBOR_TRUNCATED');
  return initial >> 5;
}

function readHead(c: Cursor): number {
  const info = (c.bytes[c.at++] as number) & 31;
  if (info < 24) return info;
  if (info === 31) throw new WireError('CBOR_INDEFINITE');
  if (info > 27) throw new WireError('CBOR_TYPE_REFUSED');
  const width = 1 << (info - 24);
  if (width > c.bytes.length - c.at) throw new WireError('CBOR_TRUNCATED');
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (c.bytes[c.at + i] as number);
  c.at += width;
  const least = width === 1 ? 24 : 2 ** (4 * width);
  if (value < least) throw new WireError('CBOR_NOT_MINIMAL');
  if (value > Number.MAX_SAFE_INTEGER) throw new WireError('CBOR_INTEGER_RANGE');
  return value;
}

function skip(c: Cursor, length: number): void {
  if (length > c.bytes.length - c.at) throw new WireError('CBOR_TRUNCATED');
  c.at += length;
}

function skipText(c: Cursor, length: number): void {
  const start = c.at;
  skip(c, length);
  for (let i = start; i < c.at; i++) {
    if ((c.bytes[i] as number) > 0x7f) {
      if (!isUtf8(c.bytes.subarray(start, c.at))) throw new WireError('CBOR_INVALID_UTF8');
      return;
    }
  }
}
