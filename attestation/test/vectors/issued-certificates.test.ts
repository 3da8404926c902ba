import { describe, expect, it } from 'vitest';
import { verifyBackupCertificate, verifyDrillCertificate } from '../../src/backup-certificate.ts';
import {
  verifyDeploymentRotationCertificate,
  verifyRotationCertificate,
} from '../../src/rotation-certificate.ts';
import { verifyTransferReceipt } from '../../src/transfer-receipt.ts';
import { codeOf } from '../code-of.ts';
import { hex } from '../corpus.ts';
import { loadFile } from '../load-file.ts';

interface IssuedEntry {
  readonly name: string;
  readonly kind: 'backup' | 'drill' | 'transfer' | 'rotation' | 'deployment-rotation';
  readonly reason: string;
  readonly expected: string;
}

const file = (name: string) => loadFile(`attestation/issued/${name}`);
const index = JSON.parse(new TextDecoder().decode(await file('INDEX.json')));
const identityKey = hex(index.identityKeyHex);
const contentDigest = hex(index.contentDigestHex);
const projectId = hex(index.projectIdHex);
const { address } = index;
const accounts = [{ address, publicKey: hex(index.publicKeyHex) }];

function verify(kind: IssuedEntry['kind'], bytes: Uint8Array): Promise<object> {
  switch (kind) {
    case 'backup':
      return verifyBackupCertificate(bytes, identityKey, contentDigest);
    case 'drill':
      return verifyDrillCertificate(bytes, identityKey, { contentDigest, addresses: [address] });
    case 'transfer':
      return verifyTransferReceipt(bytes, identityKey, { projectId });
    case 'rotation':
      return verifyRotationCertificate(bytes, identityKey, { projectId, accounts });
    case 'deployment-rotation':
      return verifyDeploymentRotationCertificate(bytes, identityKey);
  }
}

describe('issued certificates', () => {
  for (const { name, kind, reason, expected } of index.cases as readonly IssuedEntry[]) {
    it(`${name}: ${reason} -> ${expected}`, async () => {
      const bytes = await file(`${name}.cbor`);
      expect(await codeOf(() => verify(kind, bytes))).toBe(expected === 'accept' ? 'accepted' : expected);
    });
  }

  it('of a project and of its deployment are not taken for each other', async () => {
    const ofProject = await file('rotation.cbor');
    const ofAll = await file('deployment-rotation.cbor');
    expect(await codeOf(() => verify('deployment-rotation', ofProject))).toBe('STATEMENT_PROJECT');
    expect(await codeOf(() => verify('rotation', ofAll))).toBe('STATEMENT_PROJECT');
  });
});
