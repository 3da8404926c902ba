import type { RecoverableSignature } from '../sign/secp256k1.ts';

/** r || s || v with v 27 or 28, 65 bytes, as CDP, viem and contracts have it. */
export function signatureBytes({ r, s, yParity }: RecoverableSignature): Uint8Array {
  return Buffer.concat([r, s, Uint8Array.of(27 + yParity)]);
}
