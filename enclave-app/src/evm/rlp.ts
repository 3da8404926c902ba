// TRUST BOUNDARY: serialized transactions, from the client through the hostile parent.
import { EvmError } from './evm-error.ts';

/** A byte string or a list (Ethereum Yellow Paper, appendix B). */
export type RlpItem = Uint8Array | readonly RlpItem[];

const MAX_RLP_DEPTH = 8;
/** Bounds memory: each item of one byte costs an object of about a hundred. */
const MAX_RLP_ITEMS = 16_384;

interface Reader {
  readonly bytes: Uint8Array;
  position: number;
  itemsLeft: number;
}

/**
 * Decodes one item that fills the input, in canonical form only: shortest heads, no trailing bytes, at most 8 levels
 * of lists and 16384 items. Byte strings are views of the input.
 * @throws MALFORMED_RLP otherwise
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const reader: Reader = { bytes, position: 0, itemsLeft: MAX_RLP_ITEMS };
  const item = readItem(reader, bytes.length, 0);
  if (reader.position !== bytes.length) throw new EvmError('MALFORMED_RLP');
  return item;
}

function readItem(reader: Reader, end: number, depth: number): RlpItem {
  reader.itemsLeft -= 1;
  if (reader.position >= end || reader.itemsLeft < 0) throw new EvmError('MALFORMED_RLP');
  const head = reader.bytes[reader.position] as number;
  if (head < 0x80) {
    reader.position += 1;
    return reader.bytes.subarray(reader.position - 1, reader.position);
  }
  const isList = head >= 0xc0;
  const length = readLength(reader, head - (isList ? 0xc0 : 0x80));
  const start = reader.position;
  if (length > end - start) throw new EvmError('MALFORMED_RLP');
  if (isList) return readList(reader, start + length, depth + 1);
  reader.position = start + length;
  const value = reader.bytes.subarray(start, reader.position);
  if (length === 1 && (value[0] as number) < 0x80) throw new EvmError('MALFORMED_RLP');
  return value;
}

function readList(reader: Reader, end: number, depth: number): RlpItem[] {
  if (depth > MAX_RLP_DEPTH) throw new EvmError('MALFORMED_RLP');
  const items: RlpItem[] = [];
  while (reader.position < end) items.push(readItem(reader, end, depth));
  return items;
}

/** `code` is the head less 0x80 or 0xc0: the length itself up to 55, else 55 plus the length's own size in bytes. */
function readLength(reader: Reader, code: number): number {
  reader.position += 1;
  if (code <= 55) return code;
  const size = code - 55;
  // Four bytes of length exceed any input that gets here; more would also leave the safe integers.
  if (size > 4 || reader.bytes[reader.position] === 0) throw new EvmError('MALFORMED_RLP');
  let length = 0;
  for (let i = 0; i < size; i += 1) length = length * 256 + (reader.bytes[reader.position + i] ?? 0);
  reader.position += size;
  if (length <= 55 || reader.position > reader.bytes.length) throw new EvmError('MALFORMED_RLP');
  return length;
}

/** Encodes canonically, after `prefix` (the type byte of EIP-2718) if one is given. */
export function encodeRlp(item: RlpItem, prefix?: number): Uint8Array {
  const offset = prefix === undefined ? 0 : 1;
  const out = new Uint8Array(offset + encodedLength(item));
  if (prefix !== undefined) out[0] = prefix;
  writeItem(out, offset, item);
  return out;
}

function encodedLength(item: RlpItem): number {
  if (item instanceof Uint8Array && item.length === 1 && (item[0] as number) < 0x80) return 1;
  const length = contentLength(item);
  return 1 + (length > 55 ? byteCount(length) : 0) + length;
}

function contentLength(item: RlpItem): number {
  if (item instanceof Uint8Array) return item.length;
  let length = 0;
  for (const child of item) length += encodedLength(child);
  return length;
}

function byteCount(length: number): number {
  return Math.ceil((32 - Math.clz32(length)) / 8);
}

/** Returns the offset behind what it wrote. */
function writeItem(out: Uint8Array, offset: number, item: RlpItem): number {
  if (item instanceof Uint8Array) {
    const single = item.length === 1 && (item[0] as number) < 0x80;
    const start = single ? offset : writeHead(out, offset, 0x80, item.length);
    out.set(item, start);
    return start + item.length;
  }
  let position = writeHead(out, offset, 0xc0, contentLength(item));
  for (const child of item) position = writeItem(out, position, child);
  return position;
}

function writeHead(out: Uint8Array, offset: number, base: number, length: number): number {
  if (length <= 55) {
    out[offset] = base + length;
    return offset + 1;
  }
  const size = byteCount(length);
  out[offset] = base + 55 + size;
  for (let i = 0; i < size; i += 1) out[offset + 1 + i] = length >>> (8 * (size - 1 - i));
  return offset + 1 + size;
}
