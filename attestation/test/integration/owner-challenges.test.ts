// The certificates that an owner signs by: what a service could hand out in place of the enclave's answer of now.
import { describe, expect, it } from 'vitest';
import { verifyFactorChallenge } from '../../src/factor-challenge.ts';
import { verifyRecoveryChallenge } from '../../src/recovery-challenge.ts';
import { codeOf } from '../code-of.ts';
import {
  certificateOf,
  DEPLOYMENT_ID,
  type Fields,
  IDENTITY_KEY,
  strangersKey,
} from '../forged-certificate.ts';

const projectId = Uint8Array.from(Buffer.alloc(32, 1));
const nonce = Uint8Array.from(Buffer.alloc(16, 2));
const COMMON: Fields = {
  deploymentId: DEPLOYMENT_ID,
  projectId,
  recordVersion: 3,
  recordDigest: Buffer.alloc(32, 3),
  challenge: Buffer.alloc(40, 4),
  nonce,
  issuedAtMs: 1_788_264_000_000,
};
const RECOVERY: Fields = {
  ...COMMON,
  type: 'strongroom/recovery-challenge/v1',
  publicKey: Buffer.alloc(32, 5),
  stretching: { memoryKiB: 65_536, passes: 3, parallelism: 1 },
  waitingPeriodMs: 86_400_000,
  pending: null,
};
const FACTORS: Fields = {
  ...COMMON,
  type: 'strongroom/factor-challenge/v1',
  webauthn: { rpId: 'example.com', origins: ['https://wallet.example.com'] },
  passkeys: [{ credentialId: Buffer.alloc(16), publicKey: Buffer.alloc(91), name: 'key', enrolledAtMs: 1 }],
  hasTotp: false,
  recoveryCodes: 10,
  requiredFor: ['recovery'],
};
const KINDS = [
  ['recovery', RECOVERY, verifyRecoveryChallenge, FACTORS],
  ['second factors', FACTORS, verifyFactorChallenge, RECOVERY],
] as const;

describe.each(KINDS)('a challenge for %s', (_name, right, verify, otherKind) => {
  const codeWith = (fields: Fields, expected: Partial<{ projectId: Uint8Array; nonce: Uint8Array }> = {}) =>
    codeOf(() =>
      verify(certificateOf({ ...right, ...fields }), IDENTITY_KEY, { projectId, nonce, ...expected }),
    );

  it('comes back typed and frozen', async () => {
    const verified = await verify(certificateOf(right), IDENTITY_KEY, { projectId, nonce });
    expect(verified).toMatchObject({ type: right['type'], recordVersion: 3 });
    expect(Object.isFrozen(verified)).toBe(true);
  });

  it('of another project, whose id would be another salt, is refused', async () => {
    const other = Uint8Array.from(Buffer.alloc(32, 8));
    expect(await codeWith({ projectId: other })).toBe('STATEMENT_PROJECT');
    expect(await codeWith({}, { projectId: other })).toBe('STATEMENT_PROJECT');
  });

  it('of before, over another nonce, is refused', async () => {
    expect(await codeWith({ nonce: Buffer.alloc(16, 9) })).toBe('STATEMENT_NONCE');
    expect(await codeWith({}, { nonce: Uint8Array.from(Buffer.alloc(32, 2)) })).toBe('STATEMENT_NONCE');
  });

  it('of another kind, deployment or signer is refused', async () => {
    const kind = certificateOf(otherKind);
    expect(await codeOf(() => verify(kind, IDENTITY_KEY, { projectId, nonce }))).toBe('STATEMENT_TYPE');
    expect(await codeWith({ deploymentId: Buffer.alloc(32, 9) })).toBe('STATEMENT_DEPLOYMENT');
    const forged = certificateOf(right, strangersKey());
    expect(await codeOf(() => verify(forged, IDENTITY_KEY, { projectId, nonce }))).toBe(
      'STATEMENT_SIGNATURE_INVALID',
    );
  });

  it.each<[string, Fields]>([
    ['a short challenge', { challenge: Buffer.alloc(39) }],
    ['a field more', { note: 'x' }],
  ])('with %s is refused', async (_case, fields) => {
    expect(await codeWith(fields)).toBe('STATEMENT_MALFORMED');
  });
});

describe('a challenge for second factors', () => {
  it('that requires what nobody knows, or names a longer credential than there is, is refused', async () => {
    const [passkey] = FACTORS['passkeys'] as Fields[];
    const others: Fields[] = [
      { requiredFor: ['everything'] },
      { passkeys: [{ ...passkey, credentialId: Buffer.alloc(257) }] },
      { webauthn: { rpId: 'example.com' } },
    ];
    for (const fields of others) {
      const bytes = certificateOf({ ...FACTORS, ...fields });
      const expected = { projectId, nonce };
      expect(await codeOf(() => verifyFactorChallenge(bytes, IDENTITY_KEY, expected))).toBe(
        'STATEMENT_MALFORMED',
      );
    }
  });
});
