// TRUST BOUNDARY: rotation certificates, from whoever answers for a service.
import { assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes, sha256 } from './bytes.ts';
import { assertProject, type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import { bytes, list, nullable, uint } from './strict-fields.ts';

/**
 * What an enclave saw after a rotation of its root key, each row of it sealed under one generation. It says nothing of rows that it was
 * not shown: whoever holds it compares it with an own list.
 */
export interface RotationCertificate extends Statement {
  readonly type: 'strongroom/rotation-certificate/v1';
  /** Null: all projects that the enclave was shown. */
  readonly projectId: Bytes | null;
  /** The generation under which everything that was seen is sealed. */
  readonly generation: number;
  /** Those that the enclave could still open, ascending. */
  readonly openGenerations: readonly number[];
  readonly rootRecordVersion: number;
  readonly projects: number;
  readonly accounts: number;
  /** Of a project: `accountsDigest`. Of all: SHA-256 of project id(32) || its accounts' digest(32) each, ascending by id. */
  readonly accountsDigest: Bytes;
  readonly startedAtMs: number;
  readonly completedAtMs: number;
}

const ROTATION: CertificateType<RotationCertificate> = {
  type: 'strongroom/rotation-certificate/v1',
  fields: {
    projectId: nullable(bytes(32)),
    generation: uint,
    openGenerations: list(uint),
    rootRecordVersion: uint,
    projects: uint,
    accounts: uint,
    accountsDigest: bytes(32),
    startedAtMs: uint,
    completedAtMs: uint,
  },
};

/** An account as its own certificate has it. */
export interface ListedAccount {
  readonly address: string;
  /** secp256k1: 33 bytes, compressed. ed25519: 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * Verifies that the enclave saw exactly these accounts of a project, all of them under one generation of the root key.
 * @param expected the project, 32 bytes, and the accounts that its client knows of, in any order
 * @throws AttestationError STATEMENT_PROJECT, STATEMENT_ACCOUNTS, or as `verifyCertificate`
 */
export async function verifyRotationCertificate(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly projectId: Uint8Array; readonly accounts: readonly ListedAccount[] },
): Promise<RotationCertificate> {
  const certificate = await verifyCertificate(untrusted, identityKey, ROTATION);
  assertThat(certificate.projectId !== null, 'STATEMENT_PROJECT');
  assertProject(certificate.projectId, expected.projectId);
  const digest = await digestAccounts(expected.accounts);
  const isSame =
    certificate.accounts === expected.accounts.length && equalBytes(certificate.accountsDigest, digest);
  assertThat(isSame, 'STATEMENT_ACCOUNTS', `the enclave saw ${certificate.accounts}`);
  return certificate;
}

/**
 * Verifies the certificate of a whole deployment, which an operator compares with the own books.
 * @throws AttestationError STATEMENT_PROJECT for the certificate of one project, or as `verifyCertificate`
 */
export async function verifyDeploymentRotationCertificate(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
): Promise<RotationCertificate> {
  const certificate = await verifyCertificate(untrusted, identityKey, ROTATION);
  assertThat(certificate.projectId === null, 'STATEMENT_PROJECT');
  return certificate;
}

/**
 * SHA-256 over each account, ascending by the bytes of its address (EVM's in lower case): length(1) || address, as it is written, ||
 * length(1) || public key.
 */
async function digestAccounts(accounts: readonly ListedAccount[]): Promise<Bytes> {
  const sorted = accounts
    .map(({ address, publicKey }) => ({ key: keyOf(address), address: encodeAscii(address), publicKey }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const length = sorted.reduce(
    (sum, { address, publicKey }) => sum + 2 + address.length + publicKey.length,
    0,
  );
  const message = new Uint8Array(length);
  let at = 0;
  for (const { address, publicKey } of sorted) {
    for (const part of [address, publicKey]) {
      message[at] = part.length;
      message.set(part, at + 1);
      at += 1 + part.length;
    }
  }
  return await sha256(message);
}

function keyOf(address: string): string {
  return address.startsWith('0x') ? address.toLowerCase() : address;
}

function encodeAscii(value: string): Bytes {
  return new TextEncoder().encode(value);
}
