// TRUST BOUNDARY: contract ABIs in policies, from the client through the hostile parent.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type ElementaryType, parseArraySuffix, parseElementaryType } from './elementary-type.ts';
import { EvmError } from './evm-error.ts';
import { toHex } from './hex.ts';

/** A parameter's type (Solidity ABI specification). */
export interface AbiType {
  readonly shape: ElementaryType | AbiTuple | AbiArray;
  /** Canonical text, tuples written out: what a selector hashes. */
  readonly text: string;
  /** Whether the value stands in the tail, with an offset in the head. */
  readonly isDynamic: boolean;
  /** Bytes that the value takes in the head. */
  readonly headSize: number;
}

interface AbiTuple {
  readonly kind: 'tuple';
  readonly components: readonly AbiParameter[];
}

interface AbiArray {
  readonly kind: 'array';
  readonly element: AbiType;
  /** Null for a dynamic array. */
  readonly length: number | null;
}

export interface AbiParameter {
  /** Empty when the ABI gives none. */
  readonly name: string;
  readonly type: AbiType;
}

export interface AbiFunction {
  readonly name: string;
  /** "0x" and 8 lower-case hex digits. */
  readonly selector: string;
  readonly inputs: readonly AbiParameter[];
}

const MAX_ENTRIES = 1_000;
const MAX_PARAMETERS = 64;
const MAX_TYPE_NESTING = 8;
/** As the largest transaction: a static value beyond it fits into no call. */
const MAX_HEAD_SIZE = 131_072;

const functionName = /^[A-Za-z_$][A-Za-z0-9_$]{0,255}$/;
const otherEntries: ReadonlySet<unknown> = new Set(['constructor', 'error', 'event', 'fallback', 'receive']);

/**
 * Reads the functions of a JSON ABI; entries of other kinds are ignored.
 * @param untrusted an array of entries as a Solidity compiler writes them
 * @throws INVALID_ABI when an entry is not well formed, a type is not canonical, a limit is exceeded (1000 entries, 64
 * parameters, 8 levels), or two functions share a selector
 */
export function parseAbi(untrusted: unknown): readonly AbiFunction[] {
  if (!Array.isArray(untrusted) || untrusted.length > MAX_ENTRIES) throw new EvmError('INVALID_ABI');
  const functions: AbiFunction[] = [];
  for (const entry of untrusted) {
    const { type, name, inputs } = readRecord(entry);
    if (type === 'function') functions.push(readFunction(name, inputs));
    else if (!otherEntries.has(type)) throw new EvmError('INVALID_ABI');
  }
  if (new Set(functions.map(({ selector }) => selector)).size !== functions.length)
    throw new EvmError('INVALID_ABI');
  return functions;
}

function readRecord(untrusted: unknown): Record<string, unknown> {
  if (typeof untrusted !== 'object' || untrusted === null) throw new EvmError('INVALID_ABI');
  return untrusted as Record<string, unknown>;
}

function readFunction(name: unknown, untrustedInputs: unknown): AbiFunction {
  if (typeof name !== 'string' || !functionName.test(name)) throw new EvmError('INVALID_ABI');
  const inputs = readParameters(untrustedInputs, 0);
  const digest = keccak_256(Buffer.from(`${name}${tupleText(inputs)}`));
  return { name, selector: toHex(digest.subarray(0, 4)), inputs };
}

function tupleText(parameters: readonly AbiParameter[]): string {
  return `(${parameters.map(({ type }) => type.text).join(',')})`;
}

function readParameters(untrusted: unknown, nesting: number): AbiParameter[] {
  if (!Array.isArray(untrusted) || untrusted.length > MAX_PARAMETERS) throw new EvmError('INVALID_ABI');
  return untrusted.map((parameter: unknown) => {
    const { name = '', type, components } = readRecord(parameter);
    if (typeof name !== 'string' || typeof type !== 'string') throw new EvmError('INVALID_ABI');
    return { name, type: readType(type, components, nesting) };
  });
}

function readType(text: string, components: unknown, nesting: number): AbiType {
  if (nesting > MAX_TYPE_NESTING) throw new EvmError('INVALID_ABI');
  const array = parseArraySuffix(text);
  if (array !== null) return arrayType(readType(array.elementText, components, nesting + 1), array.length);
  if (text === 'tuple') return tupleType(readParameters(components, nesting + 1));
  const shape = parseElementaryType(text);
  if (shape === null) throw new EvmError('INVALID_ABI');
  return { shape, text, isDynamic: shape.kind === 'bytes' || shape.kind === 'string', headSize: 32 };
}

function arrayType(element: AbiType, length: number | null): AbiType {
  const isDynamic = length === null || element.isDynamic;
  return {
    shape: { kind: 'array', element, length },
    text: `${element.text}[${length ?? ''}]`,
    isDynamic,
    headSize: isDynamic ? 32 : boundedHeadSize(length * element.headSize),
  };
}

function tupleType(components: readonly AbiParameter[]): AbiType {
  const isDynamic = components.some(({ type }) => type.isDynamic);
  const size = components.reduce((sum, { type }) => sum + type.headSize, 0);
  return {
    shape: { kind: 'tuple', components },
    text: tupleText(components),
    isDynamic,
    headSize: isDynamic ? 32 : boundedHeadSize(size),
  };
}

function boundedHeadSize(size: number): number {
  if (size > MAX_HEAD_SIZE) throw new EvmError('INVALID_ABI');
  return size;
}
