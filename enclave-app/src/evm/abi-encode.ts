import { concatBytes } from '@noble/hashes/utils.js';

/** A value of the ABI as it stands in a tuple: in the head, or in the tail with its offset in the head. */
export interface AbiPart {
  readonly isDynamic: boolean;
  /** A multiple of 32 bytes. */
  readonly bytes: Uint8Array;
}

const WORD = 32;

/** @param value from 0 to 2^256 - 1 */
export function abiUint(value: bigint): AbiPart {
  const bytes = new Uint8Array(WORD);
  Buffer.from(bytes.buffer).write(value.toString(16).padStart(64, '0'), 'hex');
  return { isDynamic: false, bytes };
}

/** 20 bytes of an address, or fewer of a number, at the right end of a word. */
export function abiAddress(address: Uint8Array): AbiPart {
  const bytes = new Uint8Array(WORD);
  bytes.set(address, WORD - address.length);
  return { isDynamic: false, bytes };
}

/** @param bytes 32 */
export function abiWord(bytes: Uint8Array): AbiPart {
  return { isDynamic: false, bytes };
}

export function abiBytes(value: Uint8Array): AbiPart {
  const padding = new Uint8Array((WORD - (value.length % WORD)) % WORD);
  return { isDynamic: true, bytes: concatBytes(lengthWord(value.length), value, padding) };
}

/** A dynamic array. */
export function abiArray(items: readonly AbiPart[]): AbiPart {
  return { isDynamic: true, bytes: concatBytes(lengthWord(items.length), encodeAbi(items)) };
}

/** A tuple with a dynamic member; one without is its members in a row. */
export function abiTuple(members: readonly AbiPart[]): AbiPart {
  return { isDynamic: members.some(({ isDynamic }) => isDynamic), bytes: encodeAbi(members) };
}

/** Encodes values in a row (Solidity ABI specification): heads, then tails in order and without gaps. */
export function encodeAbi(parts: readonly AbiPart[]): Uint8Array {
  let tail = parts.reduce((sum, { isDynamic, bytes }) => sum + (isDynamic ? WORD : bytes.length), 0);
  const heads = parts.map(({ isDynamic, bytes }) => {
    if (!isDynamic) return bytes;
    const offset = lengthWord(tail);
    tail += bytes.length;
    return offset;
  });
  return concatBytes(...heads, ...parts.filter(({ isDynamic }) => isDynamic).map(({ bytes }) => bytes));
}

function lengthWord(length: number): Uint8Array {
  return abiUint(BigInt(length)).bytes;
}
