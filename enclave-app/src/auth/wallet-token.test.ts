// Claims of time that no SDK makes, and a client's own signer may.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthorityRecord } from '../records/authority-record.ts';
import { verifyWalletToken } from './wallet-token.ts';

const NOW_S = 1_800_000_000;
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const authority = {
  walletSecrets: [
    { publicKey: publicKey.export({ format: 'der', type: 'spki' }), state: 'active', notAfterMs: null },
  ],
  authorities: ['wallet.example'],
} as unknown as AuthorityRecord;
const expected = {
  method: 'POST',
  path: '/v2/evm/accounts',
  body: null,
  authority,
  nowMs: NOW_S * 1000 + 500,
  bootMs: (NOW_S - 600) * 1000,
};

function verifyClaims(claims: object) {
  const honest = {
    uris: ['POST wallet.example/v2/evm/accounts'],
    iat: NOW_S,
    nbf: NOW_S,
    jti: randomBytes(16).toString('hex'),
  };
  const parts = [
    { alg: 'ES256', typ: 'JWT' },
    { ...honest, ...claims },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return () => verifyWalletToken(`${input}.${signature.toString('base64url')}`, expected);
}
const code = (name: string) => expect.objectContaining({ code: name });

describe('a wallet token', () => {
  it('is not good before its nbf', () => {
    expect(verifyClaims({ nbf: NOW_S - 5 })()).toMatchObject({ issuedAtS: NOW_S });
    expect(verifyClaims({ nbf: undefined })()).toMatchObject({ issuedAtS: NOW_S });
    expect(verifyClaims({ nbf: NOW_S + 1 })).toThrow(code('WALLET_TOKEN_FUTURE'));
  });

  it('is not good from its exp on, if it has one', () => {
    expect(verifyClaims({ exp: NOW_S + 1 })()).toMatchObject({ issuedAtS: NOW_S });
    for (const exp of [NOW_S, NOW_S - 10]) expect(verifyClaims({ exp })).toThrow(code('WALLET_TOKEN_STALE'));
    for (const exp of [NOW_S + 60.5, `${NOW_S + 60}`, null])
      expect(verifyClaims({ exp })).toThrow(code('WALLET_TOKEN_MALFORMED'));
  });

  it('that is held for its time is not good when it is over before', () => {
    expect(verifyClaims({ iat: NOW_S + 20, nbf: NOW_S, exp: NOW_S + 20 })).toThrow(
      code('WALLET_TOKEN_STALE'),
    );
    expect(verifyClaims({ iat: NOW_S + 20, nbf: NOW_S, exp: NOW_S + 21 })()).toMatchObject({
      issuedAtS: NOW_S + 20,
    });
  });

  it.each([31, 121])('of %i seconds off is refused', (seconds) => {
    const iat = seconds === 31 ? NOW_S + 32 : NOW_S - seconds;
    expect(verifyClaims({ iat, nbf: iat })).toThrow(
      code(seconds === 31 ? 'WALLET_TOKEN_FUTURE' : 'WALLET_TOKEN_STALE'),
    );
  });

  it('has one URI', () => {
    const uri = 'POST wallet.example/v2/evm/accounts';
    for (const uris of [[uri, uri], [], uri, [`${uri}/import`]])
      expect(verifyClaims({ uris })).toThrow(code('WALLET_TOKEN_URI'));
  });
});
