// TRUST BOUNDARY: addresses in paths, bodies and policies, from the client through the hostile parent.
import { base58 } from '@scure/base';
import { SolanaError } from './solana-error.ts';

const addressText = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/**
 * Decodes an address to the 32 bytes of its Ed25519 public key (or of a program-derived address).
 * @throws INVALID_ADDRESS unless base58 of 32 bytes
 */
export function parseSolanaAddress(text: string): Uint8Array {
  if (!addressText.test(text)) throw new SolanaError('INVALID_ADDRESS');
  const bytes = base58.decode(text);
  if (bytes.length !== 32) throw new SolanaError('INVALID_ADDRESS');
  return bytes;
}

/**
 * Writes 32 bytes in base58.
 * @throws INVALID_ADDRESS for another length
 */
export function formatSolanaAddress(publicKey: Uint8Array): string {
  if (publicKey.length !== 32) throw new SolanaError('INVALID_ADDRESS');
  return base58.encode(publicKey);
}

/** Writes a 64-byte Ed25519 signature as the API returns it: base58. */
export function formatSolanaSignature(signature: Uint8Array): string {
  return base58.encode(signature);
}
