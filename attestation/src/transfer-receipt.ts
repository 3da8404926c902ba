// TRUST BOUNDARY: receipts of exports and imports, from a service or from a log that somebody kept.
import { assertThat } from './attestation-error.ts';
import type { Bytes } from './bytes.ts';
import { assertProject, type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import { bytes, nullable, oneOf, text, uint } from './strict-fields.ts';

/** That an account's key left or entered the enclave. It says nothing of transfers whose receipt was withheld. */
export interface TransferReceipt extends Statement {
  readonly type: 'strongroom/transfer-receipt/v1';
  readonly projectId: Bytes;
  readonly transfer: 'export' | 'import';
  readonly curve: 'secp256k1' | 'ed25519';
  readonly address: string;
  /** secp256k1: 33 bytes, compressed. ed25519: 32 bytes. */
  readonly publicKey: Bytes;
  /** Of the project's record that allowed it. */
  readonly recordVersion: number;
  readonly recordDigest: Bytes;
  /** Export: SHA-256 of the RSA key (SubjectPublicKeyInfo) that the key was encrypted to, 32 bytes. Import: null. */
  readonly recipientDigest: Bytes | null;
  readonly issuedAtMs: number;
}

const TRANSFER: CertificateType<TransferReceipt> = {
  type: 'strongroom/transfer-receipt/v1',
  fields: {
    projectId: bytes(32),
    transfer: oneOf('export', 'import'),
    curve: oneOf('secp256k1', 'ed25519'),
    address: text(128),
    publicKey: bytes(32, 33),
    recordVersion: uint,
    recordDigest: bytes(32),
    recipientDigest: nullable(bytes(32)),
    issuedAtMs: uint,
  },
};

/**
 * Verifies that an enclave of the deployment let a key of this project out or took it in.
 * @param expected the project, 32 bytes
 * @throws AttestationError STATEMENT_PROJECT, STATEMENT_MALFORMED, or as `verifyCertificate`
 */
export async function verifyTransferReceipt(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly projectId: Uint8Array },
): Promise<TransferReceipt> {
  const receipt = await verifyCertificate(untrusted, identityKey, TRANSFER);
  const { curve, publicKey, transfer, recipientDigest } = receipt;
  assertThat(publicKey.length === (curve === 'ed25519' ? 32 : 33), 'STATEMENT_MALFORMED', 'publicKey');
  assertThat(
    (recipientDigest !== null) === (transfer === 'export'),
    'STATEMENT_MALFORMED',
    'recipientDigest',
  );
  assertProject(receipt.projectId, expected.projectId);
  return receipt;
}
