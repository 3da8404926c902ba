// TRUST BOUNDARY: calldata of transactions, from the client through the hostile parent.
import type { AbiFunction, AbiParameter, AbiType } from './abi.ts';
import type { ElementaryType } from './elementary-type.ts';
import { EvmError } from './evm-error.ts';
import { bytesToBigInt, toHex } from './hex.ts';

export type AbiValue =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  /** 20 bytes. */
  | { readonly kind: 'address'; readonly value: Uint8Array }
  | { readonly kind: 'bytes' | 'fixed-bytes'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly items: readonly AbiValue[] }
  | { readonly kind: 'tuple'; readonly fields: readonly AbiArgument[] };

interface AbiArgument {
  readonly name: string;
  readonly value: AbiValue;
}

/** A call as its contract will read it. */
export interface DecodedCall {
  readonly function: AbiFunction;
  readonly arguments: readonly AbiArgument[];
}

/** Bounds the work that arrays of nothing (`uint8[0][]`) could ask for. */
const MAX_VALUES = 16_384;
const WORD = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface Reader {
  /** Arguments without the selector. */
  readonly bytes: Uint8Array;
  valuesLeft: number;
  /** Behind the value just read. */
  end: number;
}

/**
 * Decodes calldata by the function whose selector it starts with; null when no function of the ABI has it.
 * Accepts the one encoding that encoders produce and nothing else: tails in order without gaps, overlaps or trailing
 * bytes, clean padding, strings of valid UTF-8, at most 16384 values. Byte values are views of the input.
 * @throws INVALID_CALLDATA otherwise
 */
export function decodeCalldata(abi: readonly AbiFunction[], calldata: Uint8Array): DecodedCall | null {
  if (calldata.length < 4) return null;
  const selector = toHex(calldata.subarray(0, 4));
  const called = abi.find((candidate) => candidate.selector === selector);
  if (called === undefined) return null;
  const reader: Reader = { bytes: calldata.subarray(4), valuesLeft: MAX_VALUES, end: 0 };
  const fields = readFields(reader, called.inputs, 0);
  if (reader.end !== reader.bytes.length) throw new EvmError('INVALID_CALLDATA');
  return { function: called, arguments: fields };
}

function readFields(reader: Reader, parameters: readonly AbiParameter[], base: number): AbiArgument[] {
  const types = parameters.map(({ type }) => type);
  const values = readSequence(reader, types, base);
  return parameters.map(({ name }, index) => ({ name, value: values[index] as AbiValue }));
}

/** Reads values that share a head at `base`; offsets count from there and must name the next byte not yet read. */
function readSequence(reader: Reader, types: readonly AbiType[], base: number): AbiValue[] {
  let head = base;
  let tail = base;
  for (const { headSize } of types) tail += headSize;
  const values = types.map((type) => {
    if (!type.isDynamic) {
      const value = readValue(reader, type, head);
      head += type.headSize;
      return value;
    }
    if (readSize(reader, head) !== tail - base) throw new EvmError('INVALID_CALLDATA');
    const value = readValue(reader, type, tail);
    head += WORD;
    tail = reader.end;
    return value;
  });
  reader.end = tail;
  return values;
}

function readValue(reader: Reader, { shape }: AbiType, position: number): AbiValue {
  reader.valuesLeft -= 1;
  if (reader.valuesLeft < 0) throw new EvmError('INVALID_CALLDATA');
  if (shape.kind === 'tuple')
    return { kind: 'tuple', fields: readFields(reader, shape.components, position) };
  if (shape.kind !== 'array') return readElementary(reader, shape, position);
  const length = shape.length ?? readSize(reader, position);
  if (length > reader.valuesLeft) throw new EvmError('INVALID_CALLDATA');
  const base = shape.length === null ? position + WORD : position;
  const types = new Array<AbiType>(length).fill(shape.element);
  return { kind: 'array', items: readSequence(reader, types, base) };
}

function readElementary(reader: Reader, type: ElementaryType, position: number): AbiValue {
  switch (type.kind) {
    case 'bytes':
      return { kind: 'bytes', value: readBytes(reader, position) };
    case 'string':
      return { kind: 'string', value: decodeText(readBytes(reader, position)) };
    case 'integer': {
      const word = bytesToBigInt(readWord(reader, position));
      const value = type.min < 0n ? BigInt.asIntN(256, word) : word;
      if (value < type.min || value > type.max) throw new EvmError('INVALID_CALLDATA');
      return { kind: 'integer', value };
    }
    case 'bool': {
      const [value] = readRightAligned(reader, position, 1);
      if (value !== 0 && value !== 1) throw new EvmError('INVALID_CALLDATA');
      return { kind: 'bool', value: value === 1 };
    }
    case 'address':
      return { kind: 'address', value: readRightAligned(reader, position, 20) };
    case 'fixed-bytes': {
      const word = readWord(reader, position);
      assertZeros(word.subarray(type.length));
      return { kind: 'fixed-bytes', value: word.subarray(0, type.length) };
    }
  }
}

function readWord(reader: Reader, position: number): Uint8Array {
  const word = reader.bytes.subarray(position, position + WORD);
  if (word.length !== WORD) throw new EvmError('INVALID_CALLDATA');
  reader.end = position + WORD;
  return word;
}

function readRightAligned(reader: Reader, position: number, length: number): Uint8Array {
  const word = readWord(reader, position);
  assertZeros(word.subarray(0, WORD - length));
  return word.subarray(WORD - length);
}

/** An offset or a length; 32 bits exceed any calldata. */
function readSize(reader: Reader, position: number): number {
  const bytes = readRightAligned(reader, position, 4);
  return Number(bytesToBigInt(bytes));
}

/** A length, that many bytes, and zeros up to the next word. */
function readBytes(reader: Reader, position: number): Uint8Array {
  const length = readSize(reader, position);
  const start = position + WORD;
  const end = start + Math.ceil(length / WORD) * WORD;
  if (end > reader.bytes.length) throw new EvmError('INVALID_CALLDATA');
  assertZeros(reader.bytes.subarray(start + length, end));
  reader.end = end;
  return reader.bytes.subarray(start, start + length);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new EvmError('INVALID_CALLDATA');
  }
}

function assertZeros(padding: Uint8Array): void {
  if (padding.some((byte) => byte !== 0)) throw new EvmError('INVALID_CALLDATA');
}
