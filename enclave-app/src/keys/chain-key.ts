import { addressFromPublicKey, checksumAddress, parseAddress } from '../evm/address.ts';
import { isSecp256k1SecretKey, secp256k1PublicKey } from '../sign/secp256k1.ts';
import { formatSolanaAddress, parseSolanaAddress } from '../solana/address.ts';
import { importEd25519Seed, rawEd25519PublicKey } from './ed25519-key.ts';
import type { Entropy } from './entropy.ts';

/** What a secret key is on its chain. */
export interface ChainIdentity {
  /** EIP-55 or base58. */
  readonly address: string;
  /** 33 bytes compressed secp256k1, or 32 bytes Ed25519. */
  readonly publicKey: Uint8Array;
}

/** Keys and addresses of one family of chains. Secret keys are 32 bytes: a scalar or a seed. */
export interface ChainKeys {
  readonly family: 'evm' | 'solana';
  readonly curve: 'secp256k1' | 'ed25519';
  /** The one spelling of an address. @throws EvmError or SolanaError INVALID_ADDRESS */
  canonicalAddress(text: string): string;
  /** Whether 32 bytes are a secret key. */
  isSecretKey(bytes: Uint8Array): boolean;
  identify(secretKey: Uint8Array): ChainIdentity;
}

export const EVM_KEYS: ChainKeys = {
  family: 'evm',
  curve: 'secp256k1',
  canonicalAddress: (text) => checksumAddress(parseAddress(text)),
  isSecretKey: isSecp256k1SecretKey,
  identify: (secretKey) => ({
    address: checksumAddress(addressFromPublicKey(secp256k1PublicKey(secretKey, false))),
    publicKey: secp256k1PublicKey(secretKey, true),
  }),
};

export const SOLANA_KEYS: ChainKeys = {
  family: 'solana',
  curve: 'ed25519',
  canonicalAddress: (text) => formatSolanaAddress(parseSolanaAddress(text)),
  isSecretKey: (bytes) => bytes.length === 32,
  identify(secretKey) {
    const publicKey = rawEd25519PublicKey(importEd25519Seed(secretKey));
    return { address: formatSolanaAddress(publicKey), publicKey };
  },
};

/** Makes a secret key; all but about 2^-128 of 32-byte strings are scalars of secp256k1. */
export function makeSecretKey(keys: ChainKeys, entropy: Entropy): Uint8Array {
  for (;;) {
    const candidate = entropy(32);
    if (keys.isSecretKey(candidate)) return candidate;
  }
}
