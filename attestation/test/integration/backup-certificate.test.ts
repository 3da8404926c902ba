import { describe, expect, it } from 'vitest';
import { verifyBackupCertificate, verifyDrillCertificate } from '../../src/backup-certificate.ts';
import { codeOf } from '../code-of.ts';
import {
  certificateOf,
  DEPLOYMENT_ID,
  type Fields,
  IDENTITY_KEY,
  strangersKey,
} from '../forged-certificate.ts';

const contentDigest = Buffer.alloc(32, 1);
const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

const BACKUP: Fields = {
  type: 'strongroom/backup-certificate/v1',
  deploymentId: DEPLOYMENT_ID,
  contentDigest,
  projects: 2,
  accounts: 7,
  rootRecordVersion: 3,
  securityEpoch: 1,
  certifiedAtMs: 1_788_264_000_000,
};
const DRILL: Fields = {
  type: 'strongroom/drill-certificate/v1',
  deploymentId: DEPLOYMENT_ID,
  contentDigest,
  projectId: Buffer.alloc(32, 2),
  generations: [1, 2],
  accounts: [{ curve: 'secp256k1', address: ADDRESS }],
  drilledAtMs: 1_788_264_000_000,
};

const verifyBackup = (bytes: Uint8Array, digest: Uint8Array = contentDigest) =>
  verifyBackupCertificate(bytes, IDENTITY_KEY, digest);
const verifyDrill = (bytes: Uint8Array, addresses: readonly string[] = [ADDRESS], digest = contentDigest) =>
  verifyDrillCertificate(bytes, IDENTITY_KEY, { contentDigest: digest, addresses });

/** The outcomes of a certificate with each of its bits flipped. */
async function outcomesOfFlips(bytes: Uint8Array, verify: typeof verifyBackup | typeof verifyDrill) {
  const outcomes = new Set<string>();
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    outcomes.add(await codeOf(() => verify(flipped)));
  }
  return outcomes;
}

const WRONG: readonly [string, Fields, string][] = [
  ['a field more', { note: 'x' }, 'STATEMENT_MALFORMED'],
  ['a digest of 31 bytes', { contentDigest: Buffer.alloc(31) }, 'STATEMENT_MALFORMED'],
  ['another deployment', { deploymentId: Buffer.alloc(32, 9) }, 'STATEMENT_DEPLOYMENT'],
  ['other content', { contentDigest: Buffer.alloc(32, 8) }, 'STATEMENT_CONTENT'],
  ['another type', { type: 'strongroom/account-certificate/v1' }, 'STATEMENT_TYPE'],
];

describe('the certificate of a backup', () => {
  it('comes back typed and frozen', async () => {
    const certificate = await verifyBackup(certificateOf(BACKUP));
    expect(certificate).toMatchObject({ projects: 2, accounts: 7, rootRecordVersion: 3, securityEpoch: 1 });
    expect(Object.isFrozen(certificate)).toBe(true);
  });

  it.each<[string, Fields, string]>([
    ...WRONG,
    ['a count that is text', { accounts: '7' }, 'STATEMENT_MALFORMED'],
    ['what a drill says', DRILL, 'STATEMENT_TYPE'],
  ])('is refused with %s', async (_name, fields, code) => {
    expect(await codeOf(() => verifyBackup(certificateOf({ ...BACKUP, ...fields })))).toBe(code);
  });

  it('is refused from another key, and with any bit flipped', async () => {
    expect(await codeOf(() => verifyBackup(certificateOf(BACKUP, strangersKey())))).toBe(
      'STATEMENT_SIGNATURE_INVALID',
    );
    expect(await outcomesOfFlips(certificateOf(BACKUP), verifyBackup)).not.toContain('accepted');
  });
});

describe('the certificate of a drill', () => {
  it('covers the addresses that it names', async () => {
    const certificate = await verifyDrill(certificateOf(DRILL));
    expect(certificate.generations).toEqual([1, 2]);
    expect(await codeOf(() => verifyDrill(certificateOf(DRILL), [ADDRESS, 'another']))).toBe(
      'STATEMENT_ACCOUNTS',
    );
  });

  it.each<[string, Fields, string]>([
    ...WRONG,
    ['an unknown curve', { accounts: [{ curve: 'p256', address: ADDRESS }] }, 'STATEMENT_MALFORMED'],
    ['what a backup says', BACKUP, 'STATEMENT_TYPE'],
  ])('is refused with %s', async (_name, fields, code) => {
    expect(await codeOf(() => verifyDrill(certificateOf({ ...DRILL, ...fields })))).toBe(code);
  });

  it('is refused from another key, and with any bit flipped', async () => {
    expect(await codeOf(() => verifyDrill(certificateOf(DRILL, strangersKey())))).toBe(
      'STATEMENT_SIGNATURE_INVALID',
    );
    expect(await outcomesOfFlips(certificateOf(DRILL), verifyDrill)).not.toContain('accepted');
  });
});
