// The package's main entry falls back to JavaScript big integers, in silence, when the native build does not load.
import secp256k1 from 'secp256k1/bindings.js';
import { type Approval, redeem } from '../policy/approval.ts';

/** r || s, both 32 bytes, s in the lower half of the order (EIP-2), and the parity of R's y coordinate. */
export interface RecoverableSignature {
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  readonly yParity: 0 | 1;
}

/**
 * Signs the approved 32-byte digest with libsecp256k1 (RFC 6979 nonces, constant time). Spends the approval.
 * @throws Error when the approval was spent before
 */
export function signSecp256k1(approval: Approval, secretKey: Uint8Array): RecoverableSignature {
  const { signature, recid } = secp256k1.ecdsaSign(redeem(approval), secretKey);
  // A recovery id of 2 or 3 means r >= n - p, which nobody will ever see.
  if (recid !== 0 && recid !== 1) throw new Error('secp256k1 recovery id out of range');
  return { r: signature.slice(0, 32), s: signature.slice(32), yParity: recid };
}

/** Whether 32 bytes are a scalar from 1 to n - 1. */
export function isSecp256k1SecretKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && secp256k1.privateKeyVerify(bytes);
}

/** The public key, 33 bytes compressed or 65 bytes uncompressed (SEC 1 section 2.3.3). */
export function secp256k1PublicKey(secretKey: Uint8Array, compressed: boolean): Uint8Array {
  return secp256k1.publicKeyCreate(secretKey, compressed);
}
