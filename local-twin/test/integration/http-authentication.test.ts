// Tokens as no SDK makes them, against enclave and proxy as processes of their own. Each request is refused for the reason that the
// log gives, with CDP's body, and leaves nothing behind.
import { createHmac, createPublicKey, sign } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bearerToken, type Forgery, type TokenTarget, walletToken } from '../support/forged-token.ts';
import {
  EVM,
  type HandMadeRequests,
  openHandMadeRequests,
  type TokenMaker,
} from '../support/hand-made-requests.ts';
import type { TestProject } from '../support/project.ts';

let requests: HandMadeRequests;
let mine: TestProject;
let theirs: TestProject;

beforeAll(async () => {
  requests = await openHandMadeRequests();
  ({ mine, theirs } = requests);
});
afterAll(() => requests[Symbol.asyncDispose]());
afterEach(() => requests.expectNothingMade());

const createRequest = () => ({ body: JSON.stringify({ name: 'never' }) });
const signRequest = () => ({
  path: `${EVM}/${requests.address}/sign`,
  body: JSON.stringify({ hash: `0x${'ab'.repeat(32)}` }),
});

const WALLET = [401, 'unauthorized', 'Wallet authentication error.'] as const;
const BEARER = [401, 'unauthorized', 'The request is not properly authenticated.'] as const;
const nowS = () => Math.floor(Date.now() / 1000);
const publicPem = (key: 'apiKey' | 'walletKey') =>
  createPublicKey(mine[key]).export({ format: 'pem', type: 'spki' });

type Forgeries = readonly (readonly [how: string, make: () => TokenMaker, code: string])[];

const WALLET_FORGERIES: Forgeries = [
  ['missing', () => null, 'MISSING'],
  ['empty', () => () => '', 'MALFORMED'],
  ['of another Wallet Secret', () => ({ signWith: makeWalletSecret().privateKey }), 'SIGNATURE'],
  ['of the Wallet Secret of another project', () => ({ signWith: theirs.walletKey }), 'SIGNATURE'],
  ['of an API key', () => ({ signWith: theirs.apiKey }), 'SIGNATURE'],
  ['that brings its own key', () => ownKey(), 'SIGNATURE'],
  ['with a signature of zeros', () => ({ signWith: () => new Uint8Array(64) }), 'SIGNATURE'],
  ['with a signature that is cut', () => cut(), 'SIGNATURE'],
  ['with its signature in DER', () => der(), 'SIGNATURE'],
  ['of algorithm none', () => ({ header: { alg: 'none' }, signWith: () => Buffer.alloc(0) }), 'MALFORMED'],
  ['of algorithm none, with a signature', () => ({ header: { alg: 'none' } }), 'MALFORMED'],
  ['authenticated with the public key', () => hmac('walletKey'), 'MALFORMED'],
  ['of another algorithm', () => ({ header: { alg: 'ES384' } }), 'MALFORMED'],
  ['of another type', () => ({ header: { typ: 'at+jwt' } }), 'MALFORMED'],
  ['with a critical header', () => ({ header: { crit: ['exp'] } }), 'MALFORMED'],
  ['for another body', () => ({ target: { body: '{"hash":"0x00"}' } }), 'REQUEST_HASH_MISMATCH'],
  ['without a hash, as retried by the SDK', () => withClaims({ reqHash: undefined }), 'REQUEST_HASH_MISSING'],
  ['with the hash of an empty body', () => withClaims({ reqHash: EMPTY_HASH }), 'REQUEST_HASH_MISMATCH'],
  ['with a hash that is none', () => withClaims({ reqHash: 7 }), 'MALFORMED'],
  ['for another path', () => ({ target: { path: `${EVM}/0x${'ab'.repeat(20)}/sign` } }), 'URI'],
  ['for another method', () => ({ target: { method: 'PUT' } }), 'URI'],
  ['for another authority', () => ({ target: { authority: 'api.cdp.coinbase.com' } }), 'URI'],
  ['for an authority that only the proxy accepts', () => ({ target: { authority: localhost() } }), 'URI'],
  ['for two requests', () => withClaims({ uris: [honestUri(), honestUri()] }), 'URI'],
  ['for no request', () => withClaims({ uris: [] }), 'URI'],
  ['for a request that is no list', () => withClaims({ uris: honestUri() }), 'URI'],
  [
    'of before the enclave started',
    () => withClaims({ iat: nowS() - 125, nbf: nowS() - 125 }),
    'BEFORE_BOOT',
  ],
  ['from the future', () => withClaims({ iat: nowS() + 45, nbf: nowS() + 45 }), 'FUTURE'],
  ['that holds later than it was made', () => withClaims({ nbf: nowS() + 45 }), 'FUTURE'],
  ['without a time', () => withClaims({ iat: undefined }), 'MALFORMED'],
  ['with a time that is no integer', () => withClaims({ iat: nowS() + 0.5 }), 'MALFORMED'],
  ['with a time in text', () => withClaims({ iat: String(nowS()) }), 'MALFORMED'],
  ['without an id', () => withClaims({ jti: undefined }), 'MALFORMED'],
  ['with an id that is short', () => withClaims({ jti: 'short' }), 'MALFORMED'],
  ['longer than 4096 characters', () => withClaims({ padding: 'x'.repeat(4096) }), 'MALFORMED'],
  ['of four parts', () => (target) => `${walletToken(mine, target)}.e30`, 'MALFORMED'],
  ['in padded base64', () => (target) => `${walletToken(mine, target)}==`, 'MALFORMED'],
  ['that is the bearer token', () => (target) => bearerToken(mine, target), 'MALFORMED'],
];

const withClaims = (claims: NonNullable<Forgery['claims']>): Forgery => ({ claims });
const localhost = () => requests.authority.replace('127.0.0.1', 'localhost');
const honestUri = () => `POST ${requests.authority}${EVM}`;
const EMPTY_HASH = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
const cut = (): Forgery => ({
  signWith: (input) =>
    sign('sha256', input, { key: mine.walletKey, dsaEncoding: 'ieee-p1363' }).subarray(0, 63),
});
const der = (): Forgery => ({ signWith: (input) => sign('sha256', input, mine.walletKey) });
const hmac = (key: 'apiKey' | 'walletKey'): Forgery => ({
  header: { alg: 'HS256' },
  signWith: (input) => createHmac('sha256', publicPem(key)).update(input).digest(),
});
function ownKey(): Forgery {
  const { privateKey } = makeWalletSecret();
  return { header: { jwk: createPublicKey(privateKey).export({ format: 'jwk' }) }, signWith: privateKey };
}

describe.each([
  ['a creation', createRequest],
  ['a signature', signRequest],
])('%s with a wallet token', (_what, request) => {
  it.each(WALLET_FORGERIES)('%s is refused', async (_how, make, code) => {
    const answer = await requests.send(request(), { wallet: make() });
    await requests.expectRefusal(answer, WALLET, `WALLET_TOKEN_${code}`);
  });
});

const BEARER_FORGERIES: Forgeries = [
  ['missing', () => null, 'BEARER_REFUSED'],
  ['empty', () => () => '', 'BEARER_REFUSED'],
  ['that is no token', () => () => 'abc', 'TOKEN_FORM'],
  ['of another key', () => ({ signWith: theirs.apiKey }), 'BEARER_SIGNATURE'],
  ['with the id of another key', () => ({ header: { kid: theirs.apiKeyId } }), 'BEARER_ALGORITHM'],
  [
    'with the id of nobody',
    () => ({ header: { kid: 'nobody' }, claims: { sub: 'nobody' } }),
    'BEARER_REFUSED',
  ],
  ['without an id', () => ({ header: { kid: undefined } }), 'BEARER_HEADER'],
  ['of another subject', () => ({ claims: { sub: theirs.apiKeyId } }), 'BEARER_CLAIMS'],
  ['of another issuer', () => ({ claims: { iss: 'coinbase' } }), 'BEARER_CLAIMS'],
  ['for another audience', () => ({ claims: { aud: ['other'] } }), 'BEARER_CLAIMS'],
  [
    'of algorithm none',
    () => ({ header: { alg: 'none' }, signWith: () => Buffer.alloc(0) }),
    'TOKEN_BASE64URL',
  ],
  ['of algorithm none, with a signature', () => ({ header: { alg: 'none' } }), 'BEARER_ALGORITHM'],
  ['authenticated with the public key', () => hmac('apiKey'), 'BEARER_ALGORITHM'],
  ['of another algorithm', () => ({ header: { alg: 'ES256' } }), 'BEARER_ALGORITHM'],
  ['with a signature of zeros', () => ({ signWith: () => new Uint8Array(64) }), 'BEARER_SIGNATURE'],
  ['that has expired', () => withClaims({ nbf: nowS() - 200, exp: nowS() - 31 }), 'BEARER_EXPIRED'],
  ['of the future', () => ({ claims: { nbf: nowS() + 60, exp: nowS() + 120 } }), 'BEARER_NOT_YET_VALID'],
  ['that lives for an hour', () => ({ claims: { exp: nowS() + 3600 } }), 'BEARER_LIFETIME'],
  ['that lives for ever', () => ({ claims: { exp: undefined } }), 'BEARER_CLAIMS'],
  ['for another method', () => ({ target: { method: 'DELETE' } }), 'BEARER_URI'],
  ['for another path', () => ({ target: { path: '/v2/evm/account' } }), 'BEARER_URI'],
  ['for another authority', () => ({ target: { authority: 'api.cdp.coinbase.com' } }), 'BEARER_URI'],
  ['for two requests', () => ({ claims: { uris: [`GET ${EVM}`, `POST ${EVM}`] } }), 'BEARER_URI'],
  ['for no request', () => ({ claims: { uris: undefined } }), 'BEARER_URI'],
  ['that is a wallet token', () => (target: TokenTarget) => walletToken(mine, target), 'BEARER_HEADER'],
];

describe.each([
  ['a list', () => ({ method: 'GET' })],
  ['a creation', createRequest],
  ['a signature', signRequest],
])('%s with a bearer token', (_what, request) => {
  it.each(BEARER_FORGERIES)('%s is refused', async (_how, make, reason) => {
    await requests.expectRefusal(await requests.send(request(), { bearer: make() }), BEARER, reason);
  });
});

describe('a token that was used', () => {
  it('is refused the second time, for the same request too', async () => {
    let token = '';
    const wallet = (target: TokenTarget) => (token ||= walletToken(mine, target));
    const first = await requests.send(signRequest(), { wallet });
    expect(first.status).toBe(200);
    const again = await requests.send(signRequest(), { wallet });
    await requests.expectRefusal(again, WALLET, 'WALLET_TOKEN_REPLAYED');
  });

  it('is taken once of ten times at once', async () => {
    const token = walletToken(mine, { method: 'POST', authority: requests.authority, ...signRequest() });
    const send = () => requests.send(signRequest(), { wallet: () => token });
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers)
      if (answer.status !== 200) await requests.expectRefusal(answer, WALLET, 'WALLET_TOKEN_REPLAYED');
  });

  it('is used up by a request that was refused for its body', async () => {
    let token = '';
    const request = { body: '{"name":"-"}' };
    const wallet = (target: TokenTarget) => (token ||= walletToken(mine, target));
    const invalid = [400, 'invalid_request', 'The field "name" is invalid.'] as const;
    await requests.expectRefusal(await requests.send(request, { wallet }), invalid, 'INVALID_REQUEST');
    await requests.expectRefusal(await requests.send(request, { wallet }), WALLET, 'WALLET_TOKEN_REPLAYED');
  });
});

describe('tokens that another implementation signed', () => {
  it('are taken: Ed25519 and P-256 by noble', async () => {
    const seedOf = (project: TestProject) => Buffer.from(project.apiKeySecret, 'base64').subarray(0, 32);
    const scalarOf = (key: TestProject['apiKey']) =>
      Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url');
    const byP256 = (key: TestProject['apiKey'], lowS: boolean): Forgery => ({
      signWith: (input) => p256.sign(input, scalarOf(key), { lowS }),
    });
    const bearer = { signWith: (input: Buffer) => ed25519.sign(input, seedOf(mine)) };
    for (const lowS of [true, false]) {
      const signed = await requests.send(signRequest(), { bearer, wallet: byP256(mine.walletKey, lowS) });
      expect(signed.status).toBe(200);
      const list = { as: theirs, bearer: byP256(theirs.apiKey, lowS) };
      expect((await requests.send({ method: 'GET' }, list)).status).toBe(200);
    }
  });
});
