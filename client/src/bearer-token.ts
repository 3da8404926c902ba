import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';

const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const LIFE_S = 120;

/** What signs API requests: the id and secret as the SDK takes them. */
export interface ApiCredentials {
  readonly apiKeyId: string;
  /** base64 of Ed25519 seed || public key, or a PKCS#8 PEM of a P-256 key. */
  readonly apiKeySecret: string;
}

/** Makes the bearer token of one request, as the CDP SDK does (JWT, EdDSA or ES256). */
export function makeBearerToken(
  { apiKeyId, apiKeySecret }: ApiCredentials,
  method: string,
  url: URL,
): string {
  const key = importSecret(apiKeySecret);
  const isEd25519 = key.asymmetricKeyType === 'ed25519';
  const issuedAtS = Math.floor(Date.now() / 1000);
  const header = {
    alg: isEd25519 ? 'EdDSA' : 'ES256',
    kid: apiKeyId,
    typ: 'JWT',
    nonce: randomBytes(16).toString('hex'),
  };
  const claims = {
    sub: apiKeyId,
    iss: 'cdp',
    uris: [`${method} ${url.host}${url.pathname}`],
    iat: issuedAtS,
    nbf: issuedAtS,
    exp: issuedAtS + LIFE_S,
  };
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = isEd25519
    ? sign(null, Buffer.from(input), key)
    : sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** Whether it is the secret of an API key, of either kind. */
export function isApiKeySecret(secret: string): boolean {
  try {
    importSecret(secret);
    return true;
  } catch {
    return false;
  }
}

function importSecret(secret: string): KeyObject {
  if (secret.startsWith('-----BEGIN')) return createPrivateKey(secret);
  const seed = Buffer.from(secret, 'base64').subarray(0, 32);
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
