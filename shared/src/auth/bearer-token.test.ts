import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type BearerExpectation,
  bearerTokenOf,
  decodeUnverifiedBearerToken,
  verifyBearerToken,
} from './bearer-token.ts';

const NOW_S = 1_767_225_600;
const KEY_ID = '11111111-2222-4333-8444-555555555555';
const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const HEADER = { alg: 'EdDSA', kid: KEY_ID, typ: 'JWT', nonce: '00' };
const CLAIMS = {
  sub: KEY_ID,
  iss: 'cdp',
  uris: ['POST 127.0.0.1:8787/v2/evm/accounts'],
  iat: NOW_S,
  nbf: NOW_S,
  exp: NOW_S + 120,
};
const EXPECTED: BearerExpectation = {
  keyId: KEY_ID,
  algorithm: 'EdDSA',
  publicKey: ed25519.publicKey,
  method: 'POST',
  path: '/v2/evm/accounts',
  authorities: ['wallet.example', '127.0.0.1:8787'],
  nowMs: NOW_S * 1000,
};

function makeToken(header: object, claims: object, privateKey: KeyObject = ed25519.privateKey): string {
  const input = `${segment(header)}.${segment(claims)}`;
  const isEdDsa = privateKey.asymmetricKeyType === 'ed25519';
  const key = isEdDsa ? privateKey : { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
  return `${input}.${sign(isEdDsa ? null : 'sha256', Buffer.from(input), key).toString('base64url')}`;
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function verifyToken(token: string, expected: Partial<BearerExpectation> = {}): void {
  verifyBearerToken(decodeUnverifiedBearerToken(token), { ...EXPECTED, ...expected });
}

const withCode = (code: string) => expect.objectContaining({ name: 'TokenError', code });

describe('verifyBearerToken', () => {
  it('accepts EdDSA and ES256 tokens of the registered key', () => {
    verifyToken(makeToken(HEADER, CLAIMS));
    const es256 = { algorithm: 'ES256', publicKey: p256.publicKey } as const;
    verifyToken(makeToken({ ...HEADER, alg: 'ES256' }, CLAIMS, p256.privateKey), es256);
  });

  it.each([
    ['no algorithm', { alg: 'none' }, 'BEARER_ALGORITHM'],
    ['the other algorithm', { alg: 'ES256' }, 'BEARER_ALGORITHM'],
    ['a symmetric algorithm', { alg: 'HS256' }, 'BEARER_ALGORITHM'],
    ['another key', { kid: 'other' }, 'BEARER_KEY_ID'],
    ['no key', { kid: undefined }, 'BEARER_HEADER'],
    ['an endless key id', { kid: 'k'.repeat(129) }, 'BEARER_HEADER'],
    ['another type', { typ: 'JOSE' }, 'BEARER_HEADER'],
  ])('refuses a header with %s', (_what, change, code) => {
    expect(() => verifyToken(makeToken({ ...HEADER, ...change }, CLAIMS))).toThrow(withCode(code));
  });

  it.each([
    ['another subject', { sub: 'other' }, 'BEARER_CLAIMS'],
    ['no subject', { sub: undefined }, 'BEARER_CLAIMS'],
    ['another issuer', { iss: 'coinbase-cloud' }, 'BEARER_CLAIMS'],
    ['another audience', { aud: ['other'] }, 'BEARER_CLAIMS'],
    ['no start', { nbf: undefined }, 'BEARER_CLAIMS'],
    ['no end', { exp: undefined }, 'BEARER_CLAIMS'],
    ['a text as end', { exp: `${NOW_S + 120}` }, 'BEARER_CLAIMS'],
    ['a fraction as end', { exp: NOW_S + 119.5 }, 'BEARER_CLAIMS'],
    ['a text as time of issue', { iat: 'now' }, 'BEARER_CLAIMS'],
    ['an end before its start', { exp: NOW_S - 1 }, 'BEARER_LIFETIME'],
    ['too long a life', { exp: NOW_S + 301 }, 'BEARER_LIFETIME'],
    ['a start in the future', { nbf: NOW_S + 31 }, 'BEARER_NOT_YET_VALID'],
    ['an end in the past', { nbf: NOW_S - 150, exp: NOW_S - 30 }, 'BEARER_EXPIRED'],
    ['no uri', { uris: [] }, 'BEARER_URI'],
    ['uris missing', { uris: undefined }, 'BEARER_URI'],
    ['two uris', { uris: [...CLAIMS.uris, ...CLAIMS.uris] }, 'BEARER_URI'],
    ['a uri that is no list', { uris: CLAIMS.uris[0] }, 'BEARER_URI'],
    ['another method', { uris: ['GET 127.0.0.1:8787/v2/evm/accounts'] }, 'BEARER_URI'],
    ['a lower-case method', { uris: ['post 127.0.0.1:8787/v2/evm/accounts'] }, 'BEARER_URI'],
    ['another authority', { uris: ['POST evil.example/v2/evm/accounts'] }, 'BEARER_URI'],
    ['another path', { uris: ['POST 127.0.0.1:8787/v2/evm/accounts/'] }, 'BEARER_URI'],
    ['a query', { uris: ['POST 127.0.0.1:8787/v2/evm/accounts?a=1'] }, 'BEARER_URI'],
  ])('refuses claims with %s', (_what, change, code) => {
    expect(() => verifyToken(makeToken(HEADER, { ...CLAIMS, ...change }))).toThrow(withCode(code));
  });

  it('allows 30 seconds of skew at both ends', () => {
    verifyToken(makeToken(HEADER, { ...CLAIMS, nbf: NOW_S + 30, exp: NOW_S + 60 }));
    verifyToken(makeToken(HEADER, { ...CLAIMS, nbf: NOW_S - 149, exp: NOW_S - 29 }));
  });

  it('refuses a signature by another key, of another message, or of another length', () => {
    const token = makeToken(HEADER, CLAIMS);
    const other = generateKeyPairSync('ed25519').privateKey;
    expect(() => verifyToken(makeToken(HEADER, CLAIMS, other))).toThrow(withCode('BEARER_SIGNATURE'));
    const [, , signature] = token.split('.');
    const altered = `${segment(HEADER)}.${segment({ ...CLAIMS, iat: NOW_S - 1 })}.${signature}`;
    expect(() => verifyToken(altered)).toThrow(withCode('BEARER_SIGNATURE'));
    expect(() => verifyToken(token.slice(0, -2))).toThrow(withCode('BEARER_SIGNATURE'));
  });

  it('refuses a DER signature in an ES256 token', () => {
    const input = `${segment({ ...HEADER, alg: 'ES256' })}.${segment(CLAIMS)}`;
    const der = sign('sha256', Buffer.from(input), p256.privateKey).toString('base64url');
    const es256 = { algorithm: 'ES256', publicKey: p256.publicKey } as const;
    expect(() => verifyToken(`${input}.${der}`, es256)).toThrow(withCode('BEARER_SIGNATURE'));
  });
});

interface RecordedRequest {
  readonly label: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly authorization: string;
  readonly bearerDecoded: readonly [{ readonly alg: string }, object];
}

describe('recorded requests of the SDK', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../../../vectors/cdp/vectors.json', import.meta.url), 'utf8'),
  );
  const { apiKeyEd25519, apiKeyEs256 } = vectors.keys;
  const requests: readonly RecordedRequest[] = vectors.requests;
  const isTrailingSlash = ({ label }: RecordedRequest) => label.startsWith('PITFALL trailing slash');

  function verifyRecorded({ method, target, host, authorization }: RecordedRequest): void {
    const token = decodeUnverifiedBearerToken(bearerTokenOf(authorization) ?? '');
    const isEd25519 = token.keyId === apiKeyEd25519.id;
    verifyBearerToken(token, {
      keyId: token.keyId,
      algorithm: isEd25519 ? 'EdDSA' : 'ES256',
      publicKey: createPublicKey((isEd25519 ? apiKeyEd25519 : apiKeyEs256).publicKeyPem),
      method,
      path: target.split('?')[0] ?? '',
      authorities: [host],
      nowMs: vectors.frozenUnixTime * 1000,
    });
  }

  it.each(requests.filter((request) => !isTrailingSlash(request)))('verify: $label', verifyRecorded);

  it('are refused when made with a base path that ends in a slash', () => {
    const [request] = requests.filter(isTrailingSlash);
    expect(() => verifyRecorded(request as RecordedRequest)).toThrow(withCode('BEARER_URI'));
  });

  it('include both algorithms', () => {
    expect(new Set(requests.map(({ bearerDecoded }) => bearerDecoded[0].alg))).toEqual(
      new Set(['EdDSA', 'ES256']),
    );
  });
});

describe('bearerTokenOf', () => {
  it('takes only the Bearer scheme, in any case', () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) expect(bearerTokenOf(`${scheme} abc`)).toBe('abc');
    for (const header of ['Basic abc', 'abc', 'Bearerabc', 'x Bearer abc', '', null, undefined])
      expect(bearerTokenOf(header)).toBeNull();
  });
});
