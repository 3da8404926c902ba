// TRUST BOUNDARY: the Authorization header, from a client.
import {
  bearerTokenOf,
  decodeUnverifiedBearerToken,
  verifyBearerToken,
} from '@strongroom/shared/auth/bearer-token';
import { TokenError } from '@strongroom/shared/auth/token-error';
import { RequestError } from '../request-error.ts';
import type { Principal, Store } from '../store/store.ts';
import { isAllowedIp } from './allowed-ips.ts';
import { createKeyCache } from './key-cache.ts';

/** The request that a bearer token has to be made for. */
export interface BearerRequest {
  readonly authorization: string | undefined;
  readonly method: string;
  /** As the client dialed it, without the query. */
  readonly path: string;
  /** Of the client, as far as it is known. */
  readonly remoteAddress: string | undefined;
}

/** An API key that signed this very request. */
export interface Authenticated {
  readonly principal: Principal;
  readonly bearerToken: string;
}

/** @throws RequestError BEARER_REFUSED, whose cause says why; StoreError */
export type Authenticate = (request: BearerRequest) => Promise<Authenticated>;

export interface AuthenticateOptions {
  readonly store: Pick<Store, 'findPrincipal'>;
  /** `host[:port]` under which clients dial this service. Its own Host header has no say. */
  readonly authorities: readonly string[];
  readonly nowMs: () => number;
}

export function createAuthenticate({ store, authorities, nowMs }: AuthenticateOptions): Authenticate {
  const keys = createKeyCache();
  return async ({ authorization, method, path, remoteAddress }) => {
    const bearerToken = bearerTokenOf(authorization);
    if (bearerToken === null) throw new RequestError('BEARER_REFUSED');
    const token = refusing(() => decodeUnverifiedBearerToken(bearerToken));
    const principal = await store.findPrincipal(token.keyId);
    if (principal === null) throw new RequestError('BEARER_REFUSED');
    const { apiKeyId: keyId, algorithm, expiresAtMs, allowedIps } = principal;
    const isUsable =
      (expiresAtMs === null || nowMs() < expiresAtMs) && isAllowedIp(allowedIps, remoteAddress);
    if (!isUsable) throw new RequestError('BEARER_REFUSED');
    const publicKey = keys.keyOf(principal);
    refusing(() =>
      verifyBearerToken(token, { keyId, algorithm, publicKey, method, path, authorities, nowMs: nowMs() }),
    );
    return { principal, bearerToken };
  };
}

function refusing<T>(verify: () => T): T {
  try {
    return verify();
  } catch (cause) {
    if (cause instanceof TokenError) throw new RequestError('BEARER_REFUSED', { cause });
    throw cause;
  }
}
