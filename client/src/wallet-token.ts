import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { requestHash } from '@strongroom/shared/json/canonical-json';
import { parseJson } from '@strongroom/shared/json/parse-json';

/** What one wallet token covers. */
export interface WalletTokenParameters {
  readonly method: string;
  /** `host[:port]` as dialled. */
  readonly authority: string;
  /** Without query. */
  readonly path: string;
  /** The body's exact bytes; empty for none. */
  readonly body: Uint8Array;
  /** Seconds since the Unix epoch; now by default. */
  readonly issuedAtS?: number;
}

/** Makes the `X-Wallet-Auth` token of one request (CDP v2: ES256 JWT with `uris`, `iat`, `nbf`, `jti`, `reqHash`). */
export function makeWalletToken(walletSecret: KeyObject, parameters: WalletTokenParameters): string {
  const { method, authority, path, body, issuedAtS = Math.floor(Date.now() / 1000) } = parameters;
  const claims = {
    uris: [`${method} ${authority}${path}`],
    ...(body.length > 0 && { reqHash: requestHash(parseJson(body), 'javascript') }),
    iat: issuedAtS,
    nbf: issuedAtS,
    jti: randomBytes(16).toString('hex'),
  };
  return signJwt({ alg: 'ES256', typ: 'JWT' }, claims, walletSecret);
}

/** Signs any header and claims; for tools that need a token of their own making. */
export function signJwt(header: object, claims: object, walletSecret: KeyObject): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: walletSecret, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
