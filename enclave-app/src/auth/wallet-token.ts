// TRUST BOUNDARY: the X-Wallet-Auth token, from a client through the parent.
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { parseCompactJwt } from '@strongroom/shared/auth/compact-jwt';
import { derSignature } from '@strongroom/shared/auth/ecdsa-signature';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { requestHash } from '@strongroom/shared/json/canonical-json';
import type { JsonNode } from '@strongroom/shared/json/parse-json';
import type { AuthorityRecord } from '../records/authority-record.ts';
import { tokenIdOf } from './replay-window.ts';

/** Oldest token that is accepted, and how far from the future one may come (it is then held until its time). */
const MAX_AGE_S = 120;
const MAX_FUTURE_S = 30;
/** Longest time between the first sight of a token and the moment at which a replay of it is stale: 151 s. */
export const WALLET_TOKEN_LIFE_MS = (MAX_AGE_S + MAX_FUTURE_S + 1) * 1000;

/** The request that a token has to be made for. */
export interface TokenExpectation {
  readonly method: string;
  readonly path: string;
  /** Null for an empty body. */
  readonly body: JsonNode | null;
  readonly authority: AuthorityRecord;
  readonly nowMs: number;
  readonly bootMs: number;
}

/** A token whose signature and claims hold for the request. */
export interface VerifiedWalletToken {
  /** First 16 bytes of SHA-256 over `jti`. */
  readonly id: Uint8Array;
  readonly issuedAtS: number;
  /** That of the record's under which the client made it. */
  readonly authority: string;
  /** When a replay of it would be refused as stale. */
  readonly expiresAtMs: number;
}

const JTI = /^[0-9A-Za-z_-]{16,64}$/;

/**
 * Verifies a Wallet Secret token (CDP v2, ES256) against the request that it came with and the project's own record:
 * signature of a valid Wallet Secret, `uris` with an authority of the record, age, boot, and `reqHash` over the parsed body.
 * @throws OperationError WALLET_TOKEN_*
 */
export function verifyWalletToken(
  untrustedToken: string | null,
  expected: TokenExpectation,
): VerifiedWalletToken {
  if (untrustedToken === null) throw new OperationError('WALLET_TOKEN_MISSING');
  const { header, claims, signingInput, signature } = parse(untrustedToken);
  const { iat, nbf, exp, jti, uris, reqHash } = claims;
  const hasShape =
    header['alg'] === 'ES256' &&
    header['typ'] === 'JWT' &&
    Number.isSafeInteger(iat) &&
    (nbf === undefined || Number.isSafeInteger(nbf)) &&
    (exp === undefined || Number.isSafeInteger(exp)) &&
    typeof jti === 'string' &&
    JTI.test(jti) &&
    (reqHash === undefined || typeof reqHash === 'string');
  if (!hasShape) throw new OperationError('WALLET_TOKEN_MALFORMED');
  assertSignature({ signingInput, signature }, expected, (iat as number) * 1000);
  const authority = authorityOf(uris, expected);
  assertTime({ iat, nbf: nbf ?? iat, exp: exp ?? Number.POSITIVE_INFINITY } as TimeClaims, expected);
  assertRequestHash(reqHash as string | undefined, expected.body);
  return {
    id: tokenIdOf(jti),
    issuedAtS: iat as number,
    authority,
    expiresAtMs: ((iat as number) + MAX_AGE_S + 1) * 1000,
  };
}

function parse(untrustedToken: string) {
  try {
    return parseCompactJwt(untrustedToken);
  } catch (cause) {
    throw new OperationError('WALLET_TOKEN_MALFORMED', { cause });
  }
}

/**
 * The token names no key, so each Wallet Secret that is valid when it is due may have made it: one, or two during a rotation. A token of
 * the future is not a way around the end of its secret.
 */
function assertSignature(
  token: { signingInput: Uint8Array; signature: Uint8Array },
  { authority, nowMs }: TokenExpectation,
  issuedAtMs: number,
): void {
  const der = derSignature(token.signature);
  const dueMs = Math.max(nowMs, issuedAtMs);
  if (der !== null) {
    for (const secret of authority.walletSecrets) {
      const isValid = secret.notAfterMs === null || dueMs < secret.notAfterMs;
      if (isValid && verify('sha256', token.signingInput, publicKeyOf(secret), der)) return;
    }
  }
  throw new OperationError('WALLET_TOKEN_SIGNATURE');
}

const importedKeys = new WeakMap<object, KeyObject>();

/** Imported once per opened record: an import costs as much as a verification. */
function publicKeyOf(secret: AuthorityRecord['walletSecrets'][number]): KeyObject {
  let key = importedKeys.get(secret);
  if (key === undefined) {
    key = createPublicKey({ key: Buffer.from(secret.publicKey), format: 'der', type: 'spki' });
    importedKeys.set(secret, key);
  }
  return key;
}

/** The authority is one that the client put into its record; the request's own headers have no say. */
function authorityOf(uris: unknown, { method, path, authority }: TokenExpectation): string {
  const [uri, ...others] = Array.isArray(uris) ? (uris as unknown[]) : [];
  const made = authority.authorities.find((host) => uri === `${method} ${host}${path}`);
  if (made === undefined || others.length > 0) throw new OperationError('WALLET_TOKEN_URI');
  return made;
}

/** Seconds since the Unix epoch (RFC 7519 section 4.1). */
interface TimeClaims {
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

function assertTime({ iat, nbf, exp }: TimeClaims, { nowMs, bootMs }: TokenExpectation): void {
  const nowS = nowMs / 1000;
  if (iat <= Math.floor(bootMs / 1000)) throw new OperationError('WALLET_TOKEN_BEFORE_BOOT');
  if (iat < nowS - MAX_AGE_S || exp <= Math.max(nowS, iat)) throw new OperationError('WALLET_TOKEN_STALE');
  if (iat > nowS + MAX_FUTURE_S || nbf > iat) throw new OperationError('WALLET_TOKEN_FUTURE');
}

const EMPTY_OBJECT_HASH = hash('sha256', '{}', 'hex');

/** An SDK's automatic retry has no hash; it is refused, or a dropped connection would let the parent choose the body. */
function assertRequestHash(reqHash: string | undefined, body: JsonNode | null): void {
  const isEmpty = body === null || (body.kind === 'object' && body.members.length === 0);
  if (reqHash === undefined) {
    if (!isEmpty) throw new OperationError('WALLET_TOKEN_REQUEST_HASH_MISSING');
    return;
  }
  const isMatch = isEmpty
    ? reqHash === EMPTY_OBJECT_HASH
    : reqHash === requestHash(body, 'javascript') || reqHash === requestHash(body, 'code-point');
  if (!isMatch) throw new OperationError('WALLET_TOKEN_REQUEST_HASH_MISMATCH');
}
