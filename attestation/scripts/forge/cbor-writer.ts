// Writes CBOR, right or deliberately wrong, for test vectors.
import { Buffer } from 'node:buffer';

/** Shortest head of a major type. */
export function head(major: number, argument: number): Buffer {
  const initial = major << 5;
  if (argument < 24) return Buffer.of(initial | argument);
  if (argument < 0x100) return Buffer.of(initial | 24, argument);
  if (argument < 0x10000) return Buffer.of(initial | 25, argument >> 8, argument & 0xff);
  if (argument < 0x1_0000_0000) {
    const word = Buffer.alloc(5);
    word[0] = initial | 26;
    word.writeUInt32BE(argument, 1);
    return word;
  }
  const wide = Buffer.alloc(9);
  wide[0] = initial | 27;
  wide.writeBigUInt64BE(BigInt(argument), 1);
  return wide;
}

export const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');
export const uint = (value: number): Buffer => head(0, value);
export const bstr = (content: Uint8Array): Buffer => Buffer.concat([head(2, content.length), content]);
export const tstr = (content: string): Buffer => {
  const utf8 = Buffer.from(content, 'utf8');
  return Buffer.concat([head(3, utf8.length), utf8]);
};
export const array = (...items: readonly Uint8Array[]): Buffer =>
  Buffer.concat([head(4, items.length), ...items]);
export const map = (...entries: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
  Buffer.concat([head(5, entries.length), ...entries.flat()]);
export const openMap = (...entries: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
  Buffer.concat([Buffer.of(0xbf), ...entries.flat(), Buffer.of(0xff)]);
export const openArray = (...items: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.of(0x9f), ...items, Buffer.of(0xff)]);
/** One string in chunks. */
export const chunked = (major: number, ...chunks: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.of((major << 5) | 31), ...chunks, Buffer.of(0xff)]);
export const NULL = Buffer.of(0xf6);
