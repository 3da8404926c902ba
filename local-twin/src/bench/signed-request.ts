import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { makeWalletToken } from '@strongroom/client/wallet-token';

/** A project as its client knows it, in the form of the CDP SDK's settings; crosses process borders. */
export interface BenchClient {
  /** `host:port` of the proxy. */
  readonly authority: string;
  readonly apiKeyId: string;
  /** base64 of Ed25519 seed(32) || public key(32). */
  readonly apiKeySecret: string;
  /** base64 of PKCS#8 DER of a P-256 key. */
  readonly walletSecret: string;
}

/** Signs requests of one project, each with tokens of its own as the SDK does; the keys are imported once. */
export interface RequestSigner {
  /** Both tokens of a POST. */
  tokens(path: string, body: Uint8Array): { readonly bearerToken: string; readonly walletToken: string };
  /** The POST as HTTP/1.1 bytes. */
  httpRequest(path: string, body: Uint8Array): Uint8Array;
}

const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const BEARER_LIFE_S = 120;

export function createRequestSigner(client: BenchClient): RequestSigner {
  const { authority, apiKeyId } = client;
  const apiKey = importApiKey(client.apiKeySecret);
  const walletSecret = createPrivateKey({
    key: Buffer.from(client.walletSecret, 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  const tokens = (path: string, body: Uint8Array) => ({
    bearerToken: makeBearer({ apiKey, apiKeyId, uri: `POST ${authority}${path}` }),
    walletToken: makeWalletToken(walletSecret, { method: 'POST', authority, path, body }),
  });
  return {
    tokens,
    httpRequest(path, body) {
      const { bearerToken, walletToken } = tokens(path, body);
      const head = [
        `POST ${path} HTTP/1.1`,
        `Host: ${authority}`,
        'Content-Type: application/json',
        `Authorization: Bearer ${bearerToken}`,
        `X-Wallet-Auth: ${walletToken}`,
        `Content-Length: ${body.length}`,
        '\r\n',
      ].join('\r\n');
      return Buffer.concat([Buffer.from(head, 'latin1'), body]);
    },
  };
}

function importApiKey(secret: string): KeyObject {
  const seed = Buffer.from(secret, 'base64').subarray(0, 32);
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

/** The token of the client library with the key imported once: an import costs more than the signature. */
function makeBearer({ apiKey, apiKeyId, uri }: { apiKey: KeyObject; apiKeyId: string; uri: string }): string {
  const nowS = Math.floor(Date.now() / 1000);
  const header = { alg: 'EdDSA', kid: apiKeyId, typ: 'JWT', nonce: randomBytes(16).toString('hex') };
  const claims = {
    sub: apiKeyId,
    iss: 'cdp',
    uris: [uri],
    iat: nowS,
    nbf: nowS,
    exp: nowS + BEARER_LIFE_S,
  };
  const input = `${base64Url(header)}.${base64Url(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), apiKey).toString('base64url')}`;
}

function base64Url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
