// TRUST BOUNDARY: import-key certificates, from whoever answers for a service.
import type { Bytes } from './bytes.ts';
import { assertProject, type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import { bytes } from './strict-fields.ts';

/** The RSA key to which a project's keys may be encrypted for import. */
export interface ImportKeyCertificate extends Statement {
  readonly type: 'strongroom/import-key-certificate/v1';
  readonly projectId: Bytes;
  /** SubjectPublicKeyInfo of an RSA key. */
  readonly publicKey: Bytes;
}

const IMPORT_KEY: CertificateType<ImportKeyCertificate> = {
  type: 'strongroom/import-key-certificate/v1',
  // From RSA-2048 to RSA-4096.
  fields: { projectId: bytes(32), publicKey: bytes(290, 560) },
};

/**
 * Verifies that a key is the one to which a project's keys are encrypted for import.
 * @param expected the project, 32 bytes
 * @throws AttestationError STATEMENT_PROJECT, or as `verifyCertificate`
 */
export async function verifyImportKeyCertificate(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly projectId: Uint8Array },
): Promise<ImportKeyCertificate> {
  const certificate = await verifyCertificate(untrusted, identityKey, IMPORT_KEY);
  assertProject(certificate.projectId, expected.projectId);
  return certificate;
}
