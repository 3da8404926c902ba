// TRUST BOUNDARY: requests that change a project's own record.
import type { ClientRequest, ProjectRows } from '@strongroom/shared/operations/fields';
import type { OperationName } from '@strongroom/shared/operations/registry';
import type { ReadyService } from '../ready-service.ts';
import type { Factors } from '../records/factors.ts';
import { assertUnusedToken, type RecentToken } from '../records/recent-tokens.ts';
import { authorize, parseUnsignedRequest } from './authorize.ts';
import { verifyBearer } from './bearer.ts';
import { GATED_OPERATIONS, requireSecondFactor } from './second-factor.ts';

export type AuthorizedChange = ReturnType<typeof parseUnsignedRequest> & {
  readonly token: RecentToken;
  /** The project's second factors as the request leaves them, if it used one. */
  readonly factors?: Factors | null;
};

/**
 * Decides who may change policies: by default the Wallet Secret. A project that chose `api-key` at its birth lets an API key with the scope
 * `policies#manage` do it, whose token does not cover the body.
 * @throws OperationError WALLET_TOKEN_*, BEARER_REFUSED, FORBIDDEN, SECOND_FACTOR_*, OPERATION_MISMATCH
 */
export async function authorizePolicyChange(
  operation: OperationName,
  request: { readonly client: ClientRequest; readonly rows: ProjectRows },
  service: ReadyService,
): Promise<AuthorizedChange> {
  const { policyAuthority } = service.projects.open(request.rows).authority.record;
  if (policyAuthority === 'wallet') return await authorizeAuthorityChange(operation, request, service);
  const opened = parseUnsignedRequest(operation, request, service);
  const authority = opened.project.authority.record;
  const bearer = verifyBearer(request.client, { authority, scope: 'policies#manage', clock: service.clock });
  service.replayWindow.reserve(opened.project.projectId, bearer.id, bearer.expiresAtMs);
  assertUnusedToken(opened.project.authority.record.recentTokens, bearer);
  const demand = { purposes: GATED_OPERATIONS[operation], isBesideSignature: false, writesRecord: true };
  const factors = requireSecondFactor({ client: request.client, project: opened.project }, demand, service);
  return { ...opened, token: bearer, factors };
}

/**
 * For what only the Wallet Secret may change, with a second factor where the project requires one.
 * @returns the request with the authority under which it was made
 * @throws OperationError WALLET_TOKEN_*, SECOND_FACTOR_*, RATE_LIMITED, OPERATION_MISMATCH
 */
export async function authorizeAuthorityChange(
  operation: OperationName,
  request: { readonly client: ClientRequest; readonly rows: ProjectRows },
  service: ReadyService,
): Promise<AuthorizedChange & { readonly authority: string }> {
  const authorized = await authorize(operation, request, service);
  assertUnusedToken(authorized.project.authority.record.recentTokens, authorized.token);
  const demand = { purposes: GATED_OPERATIONS[operation], isBesideSignature: true, writesRecord: true };
  const { project } = authorized;
  const factors = requireSecondFactor({ client: request.client, project }, demand, service);
  return { ...authorized, authority: authorized.token.authority, factors };
}
