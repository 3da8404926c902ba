import { MAX_TOKEN_CHARS } from '@strongroom/shared/auth/compact-jwt';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import type { Actor } from '../audit-events.ts';
import { RequestError } from '../request-error.ts';
import { headerOf, type OpenRequest, type ProjectRequest } from './request.ts';

/**
 * The client's request as the enclave gets it: byte for byte, with both tokens and a second factor. The enclave alone decides what it means.
 * @throws RequestError WALLET_TOKEN_MALFORMED when the token is too long to be carried
 */
export function clientRequestOf(request: ProjectRequest): ClientRequest {
  const { method, path, body, bearerToken } = request;
  const walletToken = headerOf(request, 'x-wallet-auth') ?? null;
  if (walletToken !== null && walletToken.length > MAX_TOKEN_CHARS)
    throw new RequestError('WALLET_TOKEN_MALFORMED');
  return { method, path, body, bearerToken, walletToken, secondFactor: secondFactorOf(request) };
}

/** @throws RequestError SECOND_FACTOR_REFUSED when the header is too long to be carried */
export function secondFactorOf(request: OpenRequest): string | null {
  const secondFactor = headerOf(request, 'x-second-factor') ?? null;
  if (secondFactor !== null && secondFactor.length > MAX_TOKEN_CHARS)
    throw new RequestError('SECOND_FACTOR_REFUSED');
  return secondFactor;
}

export function actorOf({ correlationId, principal }: ProjectRequest): Actor {
  return { correlationId, projectId: principal.project.projectId, apiKeyId: principal.apiKeyId };
}
