// TRUST BOUNDARY: the values of EIP-712 typed data, from the client through the hostile parent.
import { integerFromNumberText, JsonNumber } from '@strongroom/shared/json/json-value';
import { parseAddress } from './address.ts';
import type { ElementaryType } from './elementary-type.ts';
import { EvmError } from './evm-error.ts';
import { parseHex } from './hex.ts';
import type { FieldType, StructTypes } from './typed-data-types.ts';

export type TypedStruct = {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: ReadonlyMap<string, TypedValue>;
};

/** A value read as its declared type: what is hashed, and so what a policy may look at. */
export type TypedValue =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  /** 20 bytes. */
  | { readonly kind: 'address'; readonly value: Uint8Array }
  | { readonly kind: 'bytes' | 'fixed-bytes'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly items: readonly TypedValue[] }
  | TypedStruct;

const MAX_VALUE_DEPTH = 64;
/** Each value can cost a hash. */
const MAX_VALUES = 16_384;

const integerText = /^(?:-?[0-9]{1,80}|0x[0-9a-fA-F]{1,64})$/;

export interface ValueReader {
  readonly structs: StructTypes;
  valuesLeft: number;
}

export function valueReader(structs: StructTypes): ValueReader {
  return { structs, valuesLeft: MAX_VALUES };
}

/**
 * Reads a struct's fields from a plain object; members that the type does not name are ignored, as in viem.
 * @throws INVALID_TYPED_DATA when a field is missing, of another type or out of range, or beyond 64 levels or 16384 values
 */
export function readStruct(reader: ValueReader, name: string, untrusted: unknown, depth = 0): TypedStruct {
  if (!isRecord(untrusted)) throw new EvmError('INVALID_TYPED_DATA');
  const fields = new Map<string, TypedValue>();
  for (const field of reader.structs.get(name) ?? []) {
    if (!Object.hasOwn(untrusted, field.name)) throw new EvmError('INVALID_TYPED_DATA');
    fields.set(field.name, readValue(reader, field.type, untrusted[field.name], depth + 1));
  }
  return { kind: 'struct', name, fields };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  );
}

function readValue(reader: ValueReader, type: FieldType, untrusted: unknown, depth: number): TypedValue {
  reader.valuesLeft -= 1;
  if (depth > MAX_VALUE_DEPTH || reader.valuesLeft < 0) throw new EvmError('INVALID_TYPED_DATA');
  if (type.kind === 'struct') return readStruct(reader, type.name, untrusted, depth);
  if (type.kind !== 'array') return readElementary(type, untrusted);
  if (!Array.isArray(untrusted) || (type.length !== null && untrusted.length !== type.length)) {
    throw new EvmError('INVALID_TYPED_DATA');
  }
  return { kind: 'array', items: untrusted.map((item) => readValue(reader, type.element, item, depth + 1)) };
}

function readElementary(type: ElementaryType, untrusted: unknown): TypedValue {
  switch (type.kind) {
    case 'integer':
      return { kind: 'integer', value: readInteger(untrusted, type.min, type.max) };
    case 'bool':
      if (typeof untrusted !== 'boolean') throw new EvmError('INVALID_TYPED_DATA');
      return { kind: 'bool', value: untrusted };
    case 'string': {
      const value = readText(untrusted);
      if (!value.isWellFormed()) throw new EvmError('INVALID_TYPED_DATA');
      return { kind: 'string', value };
    }
    case 'address':
      return { kind: 'address', value: translated(() => parseAddress(readText(untrusted))) };
    case 'bytes':
      return { kind: 'bytes', value: translated(() => parseHex(readText(untrusted))) };
    case 'fixed-bytes': {
      const value = translated(() => parseHex(readText(untrusted)));
      if (value.length !== type.length) throw new EvmError('INVALID_TYPED_DATA');
      return { kind: 'fixed-bytes', value };
    }
  }
}

function readText(untrusted: unknown): string {
  if (typeof untrusted !== 'string') throw new EvmError('INVALID_TYPED_DATA');
  return untrusted;
}

function translated(parse: () => Uint8Array): Uint8Array {
  try {
    return parse();
  } catch {
    throw new EvmError('INVALID_TYPED_DATA');
  }
}

function readInteger(untrusted: unknown, min: bigint, max: bigint): bigint {
  const value = integerFrom(untrusted);
  if (value === null || value < min || value > max) throw new EvmError('INVALID_TYPED_DATA');
  return value;
}

/** Accepts a safe integer, a bigint, a number text, and a string of decimal digits or of hex digits after "0x". */
function integerFrom(untrusted: unknown): bigint | null {
  if (typeof untrusted === 'number') return Number.isSafeInteger(untrusted) ? BigInt(untrusted) : null;
  if (typeof untrusted === 'bigint') return untrusted;
  if (untrusted instanceof JsonNumber) return integerFromNumberText(untrusted.source);
  return typeof untrusted === 'string' && integerText.test(untrusted) ? BigInt(untrusted) : null;
}
