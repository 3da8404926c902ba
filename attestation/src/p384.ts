import { AttestationError, type AttestationErrorCode, assertThat } from './attestation-error.ts';
import { type Bytes, compareBytes, decodeHex, isAllZero } from './bytes.ts';

const COMPONENT_BYTES = 48;
/** Order of the group, SEC 2 section 2.5.1. */
const ORDER = decodeHex(
  'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
) as Bytes;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-384' } as const;
const ECDSA_SHA384 = { name: 'ECDSA', hash: 'SHA-384' } as const;

/** r||s. */
export const SIGNATURE_BYTES = 2 * COMPONENT_BYTES;

/**
 * Checks that both components of r||s (96 bytes) are within [1, n-1]. Either s of a pair (s, n-s) is accepted:
 * AWS does not normalise, so the bytes of a document are never an identity of it.
 */
export function assertSignatureRange(
  signature: Bytes,
  code: AttestationErrorCode,
  where: string | null = null,
): void {
  for (const component of [signature.subarray(0, COMPONENT_BYTES), signature.subarray(COMPONENT_BYTES)])
    assertThat(!isAllZero(component) && compareBytes(component, ORDER) < 0, code, where);
}

/** Imports an uncompressed point (04 || x || y, 97 bytes). @throws X509_PUBLIC_KEY when it is not on the curve */
export async function importP384(point: Bytes, where: string): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('raw', point, ECDSA, false, ['verify']);
  } catch {
    throw new AttestationError('X509_PUBLIC_KEY', where);
  }
}

/** Verifies ECDSA with SHA-384, signature as r||s of 96 bytes. */
export function isSignedBy(key: CryptoKey, message: Bytes, signature: Bytes): Promise<boolean> {
  return crypto.subtle.verify(ECDSA_SHA384, key, signature, message);
}
