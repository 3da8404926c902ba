// TRUST BOUNDARY: EIP-712 typed data, from the client through the hostile parent.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { EvmError } from './evm-error.ts';
import { encodeType, resolveStructTypes, type StructTypes } from './typed-data-types.ts';
import { isRecord, readStruct, type TypedStruct, type TypedValue, valueReader } from './typed-data-value.ts';

/** Typed data with every value read as its type; members that are not part of the hash are not part of it either. */
export interface TypedData {
  readonly structs: StructTypes;
  readonly primaryType: string;
  /** The fields that `types.EIP712Domain` names. */
  readonly domain: TypedStruct;
  /** Null when the primary type is EIP712Domain: then the domain alone is signed. */
  readonly message: TypedStruct | null;
}

const DOMAIN = 'EIP712Domain';

/**
 * Reads `{domain, types, primaryType, message}` (CDP's EIP712Message). Without `types.EIP712Domain` the domain's type follows
 * from its members, as in viem. Integers may be numbers, number texts (`JsonNumber`) or strings, addresses of any case.
 * @param untrusted a plain value as of `toJsonValue`
 * @throws INVALID_TYPED_DATA
 */
export function parseTypedData(untrusted: unknown): TypedData {
  if (!isRecord(untrusted)) throw new EvmError('INVALID_TYPED_DATA');
  const { domain = {}, types, primaryType, message } = untrusted;
  if (!isRecord(domain) || !isRecord(types) || typeof primaryType !== 'string')
    throw new EvmError('INVALID_TYPED_DATA');
  const definitions: Record<string, unknown> = Object.assign(Object.create(null), types);
  if (!Object.hasOwn(definitions, DOMAIN)) definitions[DOMAIN] = domainFields(domain);
  const structs = resolveStructTypes(definitions, [DOMAIN, primaryType]);
  const reader = valueReader(structs);
  return {
    structs,
    primaryType,
    domain: readStruct(reader, DOMAIN, domain),
    message: primaryType === DOMAIN ? null : readStruct(reader, primaryType, message),
  };
}

/**
 * viem's getTypesForEIP712Domain, save that a chain id may also be a string: JSON has no bigint, and viem counts a bigint.
 */
function domainFields({ name, version, chainId, verifyingContract, salt }: Record<string, unknown>) {
  const fields = [];
  if (typeof name === 'string') fields.push({ name: 'name', type: 'string' });
  if (version) fields.push({ name: 'version', type: 'string' });
  if (chainId !== undefined && chainId !== null) fields.push({ name: 'chainId', type: 'uint256' });
  if (verifyingContract) fields.push({ name: 'verifyingContract', type: 'address' });
  if (salt) fields.push({ name: 'salt', type: 'bytes32' });
  return fields;
}

/** Returns the 32-byte digest that is signed: keccak-256 of 19 01, the domain separator and the message's hashStruct. */
export function hashTypedData({ structs, domain, message }: TypedData): Uint8Array {
  const typeHashes = new Map<string, Uint8Array>();
  const hasher: Hasher = { structs, typeHashes };
  const parts = [Uint8Array.of(0x19, 0x01), hashStruct(hasher, domain)];
  if (message !== null) parts.push(hashStruct(hasher, message));
  return keccak_256(Buffer.concat(parts));
}

interface Hasher {
  readonly structs: StructTypes;
  readonly typeHashes: Map<string, Uint8Array>;
}

function hashStruct(hasher: Hasher, struct: TypedStruct): Uint8Array {
  const words = [typeHash(hasher, struct.name)];
  for (const value of struct.fields.values()) words.push(encodeValue(hasher, value));
  return keccak_256(Buffer.concat(words));
}

function typeHash({ structs, typeHashes }: Hasher, name: string): Uint8Array {
  let hash = typeHashes.get(name);
  if (hash === undefined) {
    hash = keccak_256(Buffer.from(encodeType(structs, name)));
    typeHashes.set(name, hash);
  }
  return hash;
}

/** Returns the 32-byte word that stands for a value in encodeData. */
function encodeValue(hasher: Hasher, value: TypedValue): Uint8Array {
  switch (value.kind) {
    case 'integer':
      return Buffer.from(BigInt.asUintN(256, value.value).toString(16).padStart(64, '0'), 'hex');
    case 'bool':
      return word(Uint8Array.of(value.value ? 1 : 0), 31);
    case 'address':
      return word(value.value, 12);
    case 'fixed-bytes':
      return word(value.value, 0);
    case 'bytes':
      return keccak_256(value.value);
    case 'string':
      return keccak_256(Buffer.from(value.value));
    case 'array':
      return keccak_256(Buffer.concat(value.items.map((item) => encodeValue(hasher, item))));
    case 'struct':
      return hashStruct(hasher, value);
  }
}

function word(bytes: Uint8Array, offset: number): Uint8Array {
  const padded = new Uint8Array(32);
  padded.set(bytes, offset);
  return padded;
}
