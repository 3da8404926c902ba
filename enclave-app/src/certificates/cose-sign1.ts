import { type KeyObject, sign, verify } from 'node:crypto';
import { type CborValue, decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';

/** Protected headers in use: {1: -8} EdDSA and {1: -7} ES256 (RFC 9053 section 2). */
const PROTECTED = { EdDSA: Uint8Array.of(0xa1, 0x01, 0x27), ES256: Uint8Array.of(0xa1, 0x01, 0x26) };

function signatureInput(algorithm: keyof typeof PROTECTED, payload: Uint8Array): Uint8Array {
  return encodeCbor(['Signature1', PROTECTED[algorithm], new Uint8Array(0), payload]);
}

/** Signs a payload with an Ed25519 key as an untagged COSE_Sign1 without external data (RFC 9052 section 4.4). */
export function signCoseSign1(payload: CborValue, key: KeyObject): Uint8Array {
  const payloadBytes = encodeCbor(payload);
  const signature = sign(null, signatureInput('EdDSA', payloadBytes), key);
  return encodeCbor([PROTECTED.EdDSA, {}, payloadBytes, signature]);
}

/** The payload of a COSE_Sign1 whose signer is named inside that payload, and the means to check it. */
export interface UnverifiedCoseSign1 {
  readonly payload: Uint8Array;
  /** Whether the key, of the algorithm that the header names, signed the payload (64 bytes, r||s for ES256). */
  isSignedBy(publicKey: KeyObject): boolean;
}

/**
 * Takes a COSE_Sign1 of one algorithm apart without verifying it.
 * @returns null when it is not exactly [header of the algorithm, {}, payload, 64-byte signature]
 */
export function openUnverifiedCoseSign1(
  untrusted: Uint8Array,
  algorithm: keyof typeof PROTECTED,
): UnverifiedCoseSign1 | null {
  const message = decodeCbor(untrusted);
  if (!Array.isArray(message) || message.length !== 4) return null;
  const [header, unprotected, payload, signature] = message as readonly CborValue[];
  if (!(header instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array))
    return null;
  const isEmptyMap =
    unprotected !== null && typeof unprotected === 'object' && Object.keys(unprotected).length === 0;
  const isMap = !Array.isArray(unprotected) && !(unprotected instanceof Uint8Array);
  if (!isEmptyMap || !isMap || !Buffer.from(header).equals(PROTECTED[algorithm]) || signature.length !== 64)
    return null;
  return {
    payload,
    isSignedBy: (publicKey) =>
      verify(
        algorithm === 'EdDSA' ? null : 'sha256',
        signatureInput(algorithm, payload),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        signature,
      ),
  };
}
