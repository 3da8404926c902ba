import { describe, expect, it } from 'vitest';
import { verifyTransferReceipt } from '../../src/transfer-receipt.ts';
import { codeOf } from '../code-of.ts';
import {
  certificateOf,
  DEPLOYMENT_ID,
  type Fields,
  IDENTITY_KEY,
  strangersKey,
} from '../forged-certificate.ts';

const projectId = Uint8Array.from(Buffer.alloc(32, 1));

const EXPORT: Fields = {
  type: 'strongroom/transfer-receipt/v1',
  deploymentId: DEPLOYMENT_ID,
  projectId,
  transfer: 'export',
  curve: 'secp256k1',
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  publicKey: Buffer.alloc(33, 2),
  recordVersion: 3,
  recordDigest: Buffer.alloc(32, 3),
  recipientDigest: Buffer.alloc(32, 4),
  issuedAtMs: 1_788_264_000_000,
};

const receipt = (fields: Fields = {}) => certificateOf({ ...EXPORT, ...fields });
const verify = (bytes: Uint8Array, project: Uint8Array = projectId) =>
  verifyTransferReceipt(bytes, IDENTITY_KEY, { projectId: project });

describe('the receipt of a transfer', () => {
  it('comes back typed and frozen', async () => {
    const exported = await verify(receipt());
    expect(exported).toMatchObject({ transfer: 'export', recordVersion: 3, address: EXPORT['address'] });
    expect(Object.isFrozen(exported)).toBe(true);
    const imported = receipt({
      transfer: 'import',
      recipientDigest: null,
      curve: 'ed25519',
      publicKey: Buffer.alloc(32),
    });
    expect(await verify(imported)).toMatchObject({ transfer: 'import', recipientDigest: null });
  });

  it.each<[string, Fields, string]>([
    ['an export to nobody', { recipientDigest: null }, 'STATEMENT_MALFORMED'],
    ['an import with a recipient', { transfer: 'import' }, 'STATEMENT_MALFORMED'],
    ['a transfer of another kind', { transfer: 'backup' }, 'STATEMENT_MALFORMED'],
    ["a key of the other curve's length", { curve: 'ed25519' }, 'STATEMENT_MALFORMED'],
    ['a field more', { note: 'x' }, 'STATEMENT_MALFORMED'],
    ['a certificate of another type', { type: 'strongroom/account-certificate/v1' }, 'STATEMENT_TYPE'],
    ['another deployment', { deploymentId: Buffer.alloc(32, 9) }, 'STATEMENT_DEPLOYMENT'],
  ])('is refused with %s', async (_name, fields, code) => {
    expect(await codeOf(() => verify(receipt(fields)))).toBe(code);
  });

  it('is refused for another project, and by another key', async () => {
    expect(await codeOf(() => verify(receipt(), Buffer.alloc(32, 8)))).toBe('STATEMENT_PROJECT');
    const forged = certificateOf(EXPORT, strangersKey());
    expect(await codeOf(() => verify(forged))).toBe('STATEMENT_SIGNATURE_INVALID');
  });
});
