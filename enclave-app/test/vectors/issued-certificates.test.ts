// Certificates that outlive a release, in archives and in logs: the enclave issues them byte for byte as the library verifies them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { issueBackupCertificate, issueDrillCertificate } from '../../src/certificates/backup-certificates.ts';
import { issueTransferReceipt, type KeyTransfer } from '../../src/certificates/certificates.ts';
import { issueRotationCertificate } from '../../src/certificates/rotation-certificate.ts';
import { importEd25519Seed, rawEd25519PublicKey } from '../../src/keys/ed25519-key.ts';
import { createRootKeys } from '../../src/keys/root-keys.ts';
import { type Deployment, deploymentIdOf, type RootRecordBody } from '../../src/keys/root-record.ts';
import type { AuthorityRecord, Digested } from '../../src/records/authority-record.ts';

const folder = new URL('../../../vectors/attestation/issued/', import.meta.url);
const golden = (name: string) => readFileSync(new URL(`${name}.cbor`, folder)).toString('hex');
const index = JSON.parse(readFileSync(new URL('INDEX.json', folder), 'utf8'));
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (certificate: Uint8Array) => Buffer.from(certificate).toString('hex');

const identityKey = importEd25519Seed(bytes(index.identitySeedHex));
const identityPublicKey = rawEd25519PublicKey(identityKey);
const root = { id: new Uint8Array(16), generation: 2, secret: new Uint8Array(32).fill(1) };
const deployment: Deployment = {
  id: deploymentIdOf(identityPublicKey),
  roots: createRootKeys([root], root),
  identityKey,
  identityPublicKey,
};

const AT_MS = 1_788_264_000_000;
const contentDigest = bytes(index.contentDigestHex);
const projectId = bytes(index.projectIdHex);
const publicKey = bytes(index.publicKeyHex);
const { address } = index;
const curve = 'secp256k1';

describe('the enclave issues, to the byte,', () => {
  it('the certificate of a backup', () => {
    const counts = { projects: 2, accounts: 300, rootRecordVersion: 3, securityEpoch: 1 };
    const issued = issueBackupCertificate(deployment, { contentDigest, ...counts, certifiedAtMs: AT_MS });
    expect(hexOf(issued)).toBe(golden('backup'));
  });

  it('the certificate of a drill', () => {
    const drilled = {
      contentDigest,
      projectId,
      generations: [1, 2],
      accounts: [{ curve, address }],
      drilledAtMs: AT_MS,
    };
    expect(hexOf(issueDrillCertificate(deployment, drilled))).toBe(golden('drill'));
  });

  it.each<Pick<KeyTransfer, 'transfer' | 'recipientDigest'>>([
    { transfer: 'export', recipientDigest: new Uint8Array(32).fill(0x0f) },
    { transfer: 'import', recipientDigest: null },
  ])('the receipt of an $transfer', (transfer) => {
    // A receipt says of the record its version and its digest, and nothing else.
    const record = { version: 4 } as AuthorityRecord;
    const authority: Digested<AuthorityRecord> = { record, digest: new Uint8Array(32).fill(0x0d) };
    const account = { projectId, curve, address, publicKey } as const;
    const issued = issueTransferReceipt(deployment, authority, { ...transfer, account, issuedAtMs: AT_MS });
    expect(hexOf(issued)).toBe(golden(transfer.transfer));
  });

  it.each([
    { name: 'rotation', seen: { projectId, projects: 1, accounts: 1 } },
    { name: 'deployment-rotation', seen: { projectId: null, projects: 2, accounts: 300 } },
  ])('the certificate of a $name', ({ name, seen }) => {
    const generations = [2, 1].map((generation) => ({ id: new Uint8Array(16), generation, wraps: [] }));
    const body: RootRecordBody = {
      v: 1,
      deploymentId: deployment.id,
      identityKey: identityPublicKey,
      version: 3,
      roots: generations,
    };
    const issued = issueRotationCertificate(deployment, body, {
      ...seen,
      accountsDigest: bytes(index.accountsDigestHex),
      startedAtMs: AT_MS,
      completedAtMs: AT_MS + 1000,
    });
    expect(hexOf(issued)).toBe(golden(name));
  });
});
