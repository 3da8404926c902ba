// TRUST BOUNDARY: the API key's token, where the enclave is the only gate: export, and policies in `api-key` mode.
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { API_KEY_SCOPES } from '@strongroom/shared/api/api-key-body';
import { decodeUnverifiedBearerToken, verifyBearerToken } from '@strongroom/shared/auth/bearer-token';
import { TokenError } from '@strongroom/shared/auth/token-error';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import type { AnchoredClock } from '../clock.ts';
import type { AuthorityRecord } from '../records/authority-record.ts';

export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

/** A bearer token that a key of the project made for this request, with the scope that was asked for. */
export interface VerifiedBearer {
  /** First 16 bytes of SHA-256 over the signed part: the signature itself is malleable. */
  readonly id: Uint8Array;
  readonly issuedAtS: number;
  /** When a replay of it would be refused as expired. */
  readonly expiresAtMs: number;
}

/** The longest life of a token (300 s) with the skew on both sides. */
const LONGEST_LIFE_MS = 361_000;

/**
 * Verifies the bearer token against the record's own keys.
 * @throws OperationError BEARER_REFUSED, FORBIDDEN when the key lacks the scope
 */
export function verifyBearer(
  { bearerToken, method, path }: ClientRequest,
  { authority, scope, clock }: { authority: AuthorityRecord; scope: ApiKeyScope; clock: AnchoredClock },
): VerifiedBearer {
  if (bearerToken === null) throw new OperationError('BEARER_REFUSED');
  try {
    const token = decodeUnverifiedBearerToken(bearerToken);
    const nowMs = clock.nowMs();
    const apiKey = authority.apiKeys.find(({ id }) => id === token.keyId);
    if (apiKey === undefined || (apiKey.expiresAtMs !== null && apiKey.expiresAtMs <= nowMs))
      throw new OperationError('BEARER_REFUSED');
    const { id: keyId, algorithm } = apiKey;
    const publicKey = publicKeyOf(apiKey);
    verifyBearerToken(token, {
      keyId,
      algorithm,
      publicKey,
      method,
      path,
      authorities: authority.authorities,
      nowMs,
    });
    const notBeforeS = token.jwt.claims['nbf'] as number;
    if (notBeforeS <= Math.floor(clock.bootMs / 1000)) throw new OperationError('BEARER_REFUSED');
    if (!apiKey.scopes.includes(scope)) throw new OperationError('FORBIDDEN');
    const id = hash('sha256', token.jwt.signingInput, 'buffer').subarray(0, 16);
    return { id, issuedAtS: notBeforeS, expiresAtMs: nowMs + LONGEST_LIFE_MS };
  } catch (cause) {
    if (cause instanceof TokenError) throw new OperationError('BEARER_REFUSED', { cause });
    throw cause;
  }
}

const importedKeys = new WeakMap<object, KeyObject>();

function publicKeyOf(apiKey: AuthorityRecord['apiKeys'][number]): KeyObject {
  let key = importedKeys.get(apiKey);
  if (key === undefined) {
    key = createPublicKey({ key: Buffer.from(apiKey.publicKey), format: 'der', type: 'spki' });
    importedKeys.set(apiKey, key);
  }
  return key;
}
