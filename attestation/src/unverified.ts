// TRUST BOUNDARY: attestation documents from anyone; nothing here proves anything about them.
import { type AttestationDocument, decodeAttestationDocument } from './attestation-document.ts';
import { readInput } from './authenticate.ts';
import { ATTESTATION_PROFILE, splitCoseSign1 } from './cose-sign1.ts';
import { type Certificate, decodeCertificate } from './x509.ts';

/** What a document claims. Anybody can write such a document. */
export interface UnverifiedAttestation extends AttestationDocument {
  /** r||s, 96 bytes; nobody has checked it. */
  readonly signature: Uint8Array;
}

/**
 * Decodes a document without verifying it, for tools that show what it claims.
 * @throws AttestationError of the groups INPUT, CBOR, COSE, PAYLOAD and FIELD
 */
export function decodeUnverifiedAttestation(untrustedDocument: Uint8Array): UnverifiedAttestation {
  const { payload, signature } = splitCoseSign1(readInput(untrustedDocument), ATTESTATION_PROFILE);
  return { ...decodeAttestationDocument(payload), signature };
}

/** Decodes a certificate without verifying it. @throws AttestationError of the group X509 */
export function decodeUnverifiedCertificate(untrustedDer: Uint8Array): Certificate {
  return decodeCertificate(Uint8Array.from(untrustedDer), 'certificate');
}
