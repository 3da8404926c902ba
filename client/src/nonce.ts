import { randomBytes } from 'node:crypto';

/** A nonce for one question to the service, 32 bytes. */
export function freshNonce(): Uint8Array {
  return randomBytes(32);
}
