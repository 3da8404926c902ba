import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { Nsm } from '../nsm/nsm.ts';

/** Makes `length` random bytes for a key. */
export type Entropy = (length: number) => Uint8Array;

/**
 * Mixes the kernel's generator with the security module's, so that a key stays unguessable while either of them is sound:
 * HKDF-SHA-256 of both (RFC 5869).
 */
export function mixedEntropy(nsm: Nsm): Entropy {
  return (length) => {
    const kernel = randomBytes(64);
    const module = nsm.random();
    const ikm = Buffer.concat([kernel, module]);
    const mixed = new Uint8Array(
      hkdfSync('sha256', createSecretKey(ikm), kernel.subarray(32), 'strongroom/entropy/v1', length),
    );
    for (const buffer of [kernel, module, ikm]) buffer.fill(0);
    return mixed;
  };
}
