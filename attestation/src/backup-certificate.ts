// TRUST BOUNDARY: certificates of backups and of drills, from whoever has an archive.
import { assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes } from './bytes.ts';
import { type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import { bytes, list, map, oneOf, text, uint } from './strict-fields.ts';

/** What a deployment's parent said of a backup when it had its enclave sign; the enclave has not seen the content. */
export interface BackupCertificate extends Statement {
  readonly type: 'strongroom/backup-certificate/v1';
  /** SHA-256 of the archive's frames before its trailer. */
  readonly contentDigest: Bytes;
  readonly projects: number;
  readonly accounts: number;
  readonly rootRecordVersion: number;
  /** Each restore raises it, so a backup from before a restore has a lower one. */
  readonly securityEpoch: number;
  readonly certifiedAtMs: number;
}

const BACKUP: CertificateType<BackupCertificate> = {
  type: 'strongroom/backup-certificate/v1',
  fields: {
    contentDigest: bytes(32),
    projects: uint,
    accounts: uint,
    rootRecordVersion: uint,
    securityEpoch: uint,
    certifiedAtMs: uint,
  },
};

/** Accounts of one project whose keys an enclave opened out of a backup, by the backup's root record and KMS alone. */
export interface DrillCertificate extends Statement {
  readonly type: 'strongroom/drill-certificate/v1';
  readonly contentDigest: Bytes;
  readonly projectId: Bytes;
  /** Of the root keys that the backup's root record holds, ascending. */
  readonly generations: readonly number[];
  readonly accounts: readonly { readonly curve: 'secp256k1' | 'ed25519'; readonly address: string }[];
  readonly drilledAtMs: number;
}

const DRILL: CertificateType<DrillCertificate> = {
  type: 'strongroom/drill-certificate/v1',
  fields: {
    contentDigest: bytes(32),
    projectId: bytes(32),
    generations: list(uint),
    accounts: list(map({ curve: oneOf('secp256k1', 'ed25519'), address: text(64) })),
    drilledAtMs: uint,
  },
};

/**
 * Verifies that a deployment signed for a backup of exactly this content.
 * @param contentDigest SHA-256, 32 bytes, as computed from the archive
 * @throws AttestationError STATEMENT_CONTENT, or as `verifyCertificate`
 */
export async function verifyBackupCertificate(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  contentDigest: Uint8Array,
): Promise<BackupCertificate> {
  const certificate = await verifyCertificate(untrusted, identityKey, BACKUP);
  assertThat(equalBytes(certificate.contentDigest, contentDigest), 'STATEMENT_CONTENT');
  return certificate;
}

/**
 * Verifies that an enclave derived these addresses out of the backup.
 * @param expected the content of the backup and the addresses, EIP-55 or base58, all of which have to be there
 * @throws AttestationError STATEMENT_CONTENT, STATEMENT_ACCOUNTS, or as `verifyCertificate`
 */
export async function verifyDrillCertificate(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly contentDigest: Uint8Array; readonly addresses: readonly string[] },
): Promise<DrillCertificate> {
  const certificate = await verifyCertificate(untrusted, identityKey, DRILL);
  assertThat(equalBytes(certificate.contentDigest, expected.contentDigest), 'STATEMENT_CONTENT');
  const derived = new Set(certificate.accounts.map(({ address }) => address));
  const isComplete = expected.addresses.every((address) => derived.has(address));
  assertThat(isComplete, 'STATEMENT_ACCOUNTS', `the enclave derived ${derived.size}`);
  return certificate;
}
