// TRUST BOUNDARY: the API key's token in the Authorization header, from a client.
import { type KeyObject, verify } from 'node:crypto';
import type { JsonObject } from '../json/json-value.ts';
import { type CompactJwt, parseCompactJwt } from './compact-jwt.ts';
import { derSignature } from './ecdsa-signature.ts';
import { TokenError } from './token-error.ts';

export type ApiKeyAlgorithm = 'EdDSA' | 'ES256';

/** How far the client's clock may be off. */
const CLOCK_SKEW_S = 30;
/** Longest time between `nbf` and `exp`; the SDK's default is 120 s. */
const MAX_LIFETIME_S = 300;
const MAX_KEY_ID_CHARS = 128;

/** A token that names its key; nothing of it is verified. */
export interface UnverifiedBearerToken {
  readonly keyId: string;
  readonly jwt: CompactJwt;
}

/** What a token is verified against. */
export interface BearerExpectation {
  readonly keyId: string;
  /** The key's registered algorithm. The token has no say in it. */
  readonly algorithm: ApiKeyAlgorithm;
  readonly publicKey: KeyObject;
  readonly method: string;
  /** The path as the client dialed it, without the query. */
  readonly path: string;
  /** `host[:port]` under which the service may be dialed, lower case. */
  readonly authorities: readonly string[];
  readonly nowMs: number;
}

/** Takes the token out of an `Authorization` header, or null when the header is of another scheme or absent (RFC 9110 section 11.1). */
export function bearerTokenOf(authorization: string | null | undefined): string | null {
  return /^Bearer (.*)$/i.exec(authorization ?? '')?.[1] ?? null;
}

/**
 * Reads which key a token claims to be of, so that the key can be looked up.
 * @throws TokenError TOKEN_*, BEARER_HEADER when `kid` is missing or longer than 128 characters
 */
export function decodeUnverifiedBearerToken(untrustedToken: string): UnverifiedBearerToken {
  const jwt = parseCompactJwt(untrustedToken);
  const { kid, typ } = jwt.header;
  const hasShape =
    typeof kid === 'string' &&
    kid.length > 0 &&
    kid.length <= MAX_KEY_ID_CHARS &&
    (typ === undefined || typ === 'JWT');
  if (!hasShape) throw new TokenError('BEARER_HEADER');
  return { keyId: kid, jwt };
}

/**
 * Verifies an API key's token as Coinbase CDP v2 clients make it: registered algorithm, signature, `sub` = `kid`, `iss` = "cdp",
 * validity of at most 300 s with 30 s of skew, and exactly one `uris` entry "METHOD authority/path".
 * @throws TokenError BEARER_*
 */
export function verifyBearerToken({ keyId, jwt }: UnverifiedBearerToken, expected: BearerExpectation): void {
  if (keyId !== expected.keyId) throw new TokenError('BEARER_KEY_ID');
  if (jwt.header['alg'] !== expected.algorithm) throw new TokenError('BEARER_ALGORITHM');
  assertClaims(jwt.claims, expected);
  assertSignature(jwt, expected);
}

/** Cheaper than the signature, so it comes first: nothing is done with the claims of a token that fails either. */
function assertClaims(claims: JsonObject, expected: BearerExpectation): void {
  const { sub, iss, aud, iat, nbf, exp, uris } = claims;
  if (sub !== expected.keyId || iss !== 'cdp' || !isForCdp(aud)) throw new TokenError('BEARER_CLAIMS');
  if (!isSeconds(nbf) || !isSeconds(exp) || (iat !== undefined && !isSeconds(iat))) {
    throw new TokenError('BEARER_CLAIMS');
  }
  if (exp <= nbf || exp - nbf > MAX_LIFETIME_S) throw new TokenError('BEARER_LIFETIME');
  const nowS = expected.nowMs / 1000;
  if (nowS < nbf - CLOCK_SKEW_S) throw new TokenError('BEARER_NOT_YET_VALID');
  if (nowS >= exp + CLOCK_SKEW_S) throw new TokenError('BEARER_EXPIRED');
  assertUri(uris, expected);
}

/** The SDKs send no audience; Coinbase's samples, where they send one, send "cdp_service". */
function isForCdp(aud: unknown): boolean {
  return (
    aud === undefined ||
    aud === null ||
    (Array.isArray(aud) ? aud.includes('cdp_service') : aud === 'cdp_service')
  );
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function assertUri(uris: unknown, { method, path, authorities }: BearerExpectation): void {
  const [uri, ...others] = Array.isArray(uris) ? (uris as readonly unknown[]) : [];
  const isForRequest = authorities.some((authority) => uri === `${method} ${authority}${path}`);
  if (!isForRequest || others.length > 0) throw new TokenError('BEARER_URI');
}

function assertSignature(
  { signingInput, signature }: CompactJwt,
  { algorithm, publicKey }: BearerExpectation,
): void {
  // A KeyObject and DER: every other form costs OpenSSL's caller 20 to 40 us more.
  const form = algorithm === 'EdDSA' ? signature : derSignature(signature);
  const digest = algorithm === 'EdDSA' ? null : 'sha256';
  if (form === null || !verify(digest, signingInput, publicKey, form))
    throw new TokenError('BEARER_SIGNATURE');
}
