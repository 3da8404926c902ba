// TRUST BOUNDARY: account certificates, from whoever answers for a service.
import { assertThat } from './attestation-error.ts';
import type { Bytes } from './bytes.ts';
import { assertProject, type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import { bytes, nullable, oneOf, text } from './strict-fields.ts';

/** That an address belongs to a project, so that money may be sent to it. */
export interface AccountCertificate extends Statement {
  readonly type: 'strongroom/account-certificate/v1';
  readonly projectId: Bytes;
  readonly curve: 'secp256k1' | 'ed25519';
  readonly address: string;
  /** secp256k1: 33 bytes, compressed. ed25519: 32 bytes. */
  readonly publicKey: Bytes;
  readonly name: string | null;
}

const ACCOUNT: CertificateType<AccountCertificate> = {
  type: 'strongroom/account-certificate/v1',
  fields: {
    projectId: bytes(32),
    curve: oneOf('secp256k1', 'ed25519'),
    address: text(128),
    publicKey: bytes(32, 33),
    name: nullable(text(256)),
  },
};

/**
 * Verifies that an address is one of a project's.
 * @param expected the project, 32 bytes, and the address, character by character as it is about to be used
 * @throws AttestationError STATEMENT_PROJECT, STATEMENT_ADDRESS, or as `verifyCertificate`
 */
export async function verifyAccountCertificate(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly projectId: Uint8Array; readonly address: string },
): Promise<AccountCertificate> {
  const certificate = await verifyCertificate(untrusted, identityKey, ACCOUNT);
  const { curve, publicKey, address } = certificate;
  assertThat(publicKey.length === (curve === 'ed25519' ? 32 : 33), 'STATEMENT_MALFORMED', 'publicKey');
  assertProject(certificate.projectId, expected.projectId);
  assertThat(address === expected.address, 'STATEMENT_ADDRESS');
  return certificate;
}
