import { EvmError } from './evm-error.ts';
import { bytesToBigInt } from './hex.ts';
import type { RlpItem } from './rlp.ts';
import type { AccessListEntry, AddressBytes, Authorization } from './unsigned-transaction.ts';

// Each reader turns one RLP item into one field, or throws MALFORMED_TRANSACTION.

const EMPTY = new Uint8Array(0);

export function readBytes(item: RlpItem | undefined): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new EvmError('MALFORMED_TRANSACTION');
  return item;
}

export function readList(item: RlpItem | undefined): readonly RlpItem[] {
  if (item === undefined || item instanceof Uint8Array) throw new EvmError('MALFORMED_TRANSACTION');
  return item;
}

/** Big-endian without leading zeros, so that 0 is no bytes. */
export function readUint(item: RlpItem | undefined, maxBytes: 1 | 8 | 32): bigint {
  const bytes = readBytes(item);
  if (bytes.length > maxBytes || bytes[0] === 0) throw new EvmError('MALFORMED_TRANSACTION');
  return bytesToBigInt(bytes);
}

/** 1 to 2^64 - 1. */
export function readChainId(item: RlpItem | undefined): bigint {
  const chainId = readUint(item, 8);
  if (chainId === 0n) throw new EvmError('MALFORMED_TRANSACTION');
  return chainId;
}

export function readFixed(item: RlpItem | undefined, length: 20 | 32): Uint8Array {
  const bytes = readBytes(item);
  if (bytes.length !== length) throw new EvmError('MALFORMED_TRANSACTION');
  return bytes;
}

export function readRecipient(item: RlpItem | undefined): AddressBytes | null {
  return readBytes(item).length === 0 ? null : readFixed(item, 20);
}

export function readAccessList(item: RlpItem | undefined): AccessListEntry[] {
  return readList(item).map((entry) => {
    const [address, storageKeys] = readTuple(entry, 2);
    return {
      address: readFixed(address, 20),
      storageKeys: readList(storageKeys).map((key) => readFixed(key, 32)),
    };
  });
}

export function readBlobHashes(item: RlpItem | undefined): Uint8Array[] {
  const hashes = readList(item).map((hash) => readFixed(hash, 32));
  // EIP-4844: version 1 is KZG, and a transaction without a blob is invalid.
  if (hashes.length === 0 || hashes.some((hash) => hash[0] !== 1))
    throw new EvmError('MALFORMED_TRANSACTION');
  return hashes;
}

export function readAuthorizationList(item: RlpItem | undefined): Authorization[] {
  const authorizations = readList(item).map((entry) => {
    const [chainId, address, nonce, yParity, r, s] = readTuple(entry, 6);
    return {
      chainId: readUint(chainId, 32),
      address: readFixed(address, 20),
      nonce: readUint(nonce, 8),
      yParity: readUint(yParity, 1),
      r: readUint(r, 32),
      s: readUint(s, 32),
    };
  });
  // EIP-7702: a transaction without an authorization is invalid.
  if (authorizations.length === 0) throw new EvmError('MALFORMED_TRANSACTION');
  return authorizations;
}

function readTuple(item: RlpItem, length: number): readonly RlpItem[] {
  const fields = readList(item);
  if (fields.length !== length) throw new EvmError('MALFORMED_TRANSACTION');
  return fields;
}

/** Writes what {@link readUint} reads. */
export function uintBytes(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY;
  const digits = value.toString(16);
  const bytes = new Uint8Array((digits.length + 1) >>> 1);
  Buffer.from(bytes.buffer).write(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return bytes;
}

/** Drops leading zeros, as {@link readUint} demands of an integer. */
export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? EMPTY : bytes.subarray(first);
}
