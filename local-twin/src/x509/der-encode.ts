import { Buffer } from 'node:buffer';

/** Joins byte strings into an own, unpooled array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** One TLV in DER (X.690 section 10.1): single-byte tag, definite minimal length. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...contents);
  return concatBytes(Uint8Array.of(tag, ...lengthOctets(content.length)), content);
}

/** One constructed TLV in BER with an indefinite length (X.690 section 8.1.3.6): tag 80 contents 00 00. */
export function berIndefinite(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(tag, 0x80), ...contents, Uint8Array.of(0, 0));
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  if (length < 0x1_0000) return [0x82, length >> 8, length & 0xff];
  throw new RangeError('DER content longer than 65535 bytes');
}

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => der(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Uint8Array => der(0x31, ...items);
export const octetString = (bytes: Uint8Array): Uint8Array => der(0x04, bytes);
export const utf8String = (text: string): Uint8Array => der(0x0c, Buffer.from(text, 'utf8'));
export const printableString = (text: string): Uint8Array => der(0x13, Buffer.from(text, 'latin1'));
export const TRUE = der(0x01, Uint8Array.of(0xff));
export const NULL = der(0x05);

/** BIT STRING; `unusedBits` counts the low bits of the last byte that are not part of it. */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Uint8Array =>
  der(0x03, Uint8Array.of(unusedBits), bytes);

/** Explicit context tag `[number]`. */
export const explicit = (number: number, ...items: readonly Uint8Array[]): Uint8Array =>
  der(0xa0 | number, ...items);

/** Non-negative INTEGER from big-endian bytes, leading zeros removed. */
export function integer(magnitude: Uint8Array): Uint8Array {
  let first = 0;
  while (first < magnitude.length - 1 && magnitude[first] === 0) first++;
  const trimmed = magnitude.subarray(first);
  return (trimmed[0] ?? 0) >= 0x80 ? der(0x02, Uint8Array.of(0), trimmed) : der(0x02, trimmed);
}

/** OBJECT IDENTIFIER from dotted decimal; every arc at most 2^31 - 1. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): readonly number[] {
  const digits = [arc & 0x7f];
  for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280 section 4.1.2.5); fractions of a second are dropped. */
export function time(atMs: number): Uint8Array {
  const text = new Date(atMs).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}
