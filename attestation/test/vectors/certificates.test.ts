import { describe, expect, it } from 'vitest';
import { verifyAccountCertificate } from '../../src/account-certificate.ts';
import { encodeHex, sha256 } from '../../src/bytes.ts';
import { verifyImportKeyCertificate } from '../../src/import-key-certificate.ts';
import { verifyProjectCertificate } from '../../src/project-certificate.ts';
import { codeOf } from '../code-of.ts';
import { hex } from '../corpus.ts';
import { loadFile } from '../load-file.ts';

interface StatementEntry {
  readonly name: string;
  readonly kind: 'project' | 'account' | 'import-key';
  readonly reason: string;
  readonly expected: string;
}

const file = (name: string) => loadFile(`attestation/certificates/${name}`);
const index = JSON.parse(new TextDecoder().decode(await file('INDEX.json')));
const identityKey = hex(index.identityKeyHex);
const projectId = hex(index.projectIdHex);
const nonce = hex(index.nonceHex);
const { address } = index;

function verify(
  kind: StatementEntry['kind'],
  bytes: Uint8Array,
  key: Uint8Array = identityKey,
): Promise<object> {
  switch (kind) {
    case 'project':
      return verifyProjectCertificate(bytes, key, { projectId, nonce });
    case 'account':
      return verifyAccountCertificate(bytes, key, { projectId, address });
    case 'import-key':
      return verifyImportKeyCertificate(bytes, key, { projectId });
  }
}

describe('certificates', () => {
  for (const { name, kind, reason, expected } of index.cases as readonly StatementEntry[]) {
    it(`${name}: ${reason} -> ${expected}`, async () => {
      const bytes = await file(`${name}.cbor`);
      expect(await codeOf(() => verify(kind, bytes))).toBe(expected === 'accept' ? 'accepted' : expected);
    });
  }

  it('come back typed and frozen', async () => {
    const project = await verifyProjectCertificate(await file('project.cbor'), identityKey, {
      projectId,
      nonce,
    });
    expect(project.recordVersion).toBe(4);
    expect(project.walletSecrets.map(({ state, notAfterMs }) => [state, notAfterMs])).toEqual([
      ['active', null],
      ['retiring', 1_788_264_000_000],
    ]);
    expect(project.apiKeys.map(({ id, algorithm }) => [id, algorithm])).toEqual([
      ['key-1', 'EdDSA'],
      ['key-2', 'ES256'],
    ]);
    expect(encodeHex(project.deploymentId)).toBe(encodeHex(await sha256(identityKey)));
    expect(Object.isFrozen(project)).toBe(true);
    expect(Object.isFrozen(project.walletSecrets)).toBe(true);
  });

  it('are refused under every key but that of their deployment', async () => {
    const bytes = await file('account.cbor');
    expect(await codeOf(() => verify('account', bytes, new Uint8Array(31)))).toBe('STATEMENT_IDENTITY_KEY');
    expect(await codeOf(() => verify('account', bytes, hex('11'.repeat(32))))).toBe(
      'STATEMENT_SIGNATURE_INVALID',
    );
  });

  it('are refused with any single bit flipped', async () => {
    const bytes = await file('account.cbor');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
      expect(await codeOf(() => verify('account', flipped))).not.toBe('accepted');
    }
  });
});
