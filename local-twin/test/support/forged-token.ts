import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { requestHash } from '@strongroom/shared/json/canonical-json';
import { parseJson } from '@strongroom/shared/json/parse-json';
import type { TestProject } from './project.ts';

/** The request that a token is made for. */
export interface TokenTarget {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly body: string;
}

/** What of an honest token is to be otherwise; a member that is undefined is left out. */
export interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly target?: Partial<TokenTarget>;
  /** Signs instead of the project's own key. */
  readonly signWith?: KeyObject | ((input: Buffer) => Uint8Array);
}

/** The Wallet Secret's token, as the SDK makes it but for the forgery. */
export function walletToken(project: TestProject, honest: TokenTarget, forgery: Forgery = {}): string {
  const target = { ...honest, ...forgery.target };
  const nowS = Math.floor(Date.now() / 1000);
  const claims = {
    uris: [`${target.method} ${target.authority}${target.path}`],
    reqHash: hashOf(target.body),
    iat: nowS,
    nbf: nowS,
    jti: randomBytes(16).toString('hex'),
  };
  return jwt({ alg: 'ES256', typ: 'JWT' }, claims, { signWith: project.walletKey, ...forgery });
}

/** The API key's token, as the SDK makes it but for the forgery. */
export function bearerToken(project: TestProject, honest: TokenTarget, forgery: Forgery = {}): string {
  const target = { ...honest, ...forgery.target };
  const nowS = Math.floor(Date.now() / 1000);
  const alg = project.apiKey.asymmetricKeyType === 'ed25519' ? 'EdDSA' : 'ES256';
  const header = { alg, kid: project.apiKeyId, typ: 'JWT', nonce: randomBytes(16).toString('hex') };
  const claims = {
    sub: project.apiKeyId,
    iss: 'cdp',
    uris: [`${target.method} ${target.authority}${target.path}`],
    iat: nowS,
    nbf: nowS,
    exp: nowS + 120,
  };
  return jwt(header, claims, { signWith: project.apiKey, ...forgery });
}

function jwt(header: object, claims: object, forgery: Forgery): string {
  const parts = [
    { ...header, ...forgery.header },
    { ...claims, ...forgery.claims },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const { signWith } = forgery;
  const signature =
    typeof signWith === 'function' ? signWith(Buffer.from(input)) : signJws(signWith as KeyObject, input);
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

/** ES256 or EdDSA, as the key is (RFC 7518 section 3.4, RFC 8037). */
export function signJws(key: KeyObject, input: string | Buffer): Uint8Array {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, Buffer.from(input), key);
  return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

/** Undefined for a body that has nothing to hash, as in the SDK, or that no client could have hashed. */
function hashOf(body: string): string | undefined {
  if (body === '' || body === '{}') return undefined;
  try {
    return requestHash(parseJson(Buffer.from(body)), 'javascript');
  } catch {
    return '00'.repeat(32);
  }
}
