import { sign } from 'node:crypto';
import { importEd25519Seed } from '../keys/ed25519-key.ts';
import { type Approval, redeem } from '../policy/approval.ts';

/**
 * Signs the approved message with Ed25519 (RFC 8032, deterministic; OpenSSL). Spends the approval.
 * @param seed 32 bytes
 * @returns 64 bytes
 * @throws Error when the approval was spent before
 */
export function signEd25519(approval: Approval, seed: Uint8Array): Uint8Array {
  return sign(null, redeem(approval), importEd25519Seed(seed));
}
