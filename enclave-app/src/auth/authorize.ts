// TRUST BOUNDARY: a client's HTTP request as the parent relays it, with rows that the parent chose.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { JsonError } from '@strongroom/shared/json/json-error';
import { type JsonValue, toJsonValue } from '@strongroom/shared/json/json-value';
import { type JsonNode, parseJson } from '@strongroom/shared/json/parse-json';
import type { ClientRequest, ProjectRows } from '@strongroom/shared/operations/fields';
import type { OperationName } from '@strongroom/shared/operations/registry';
import { checksumAddress, parseAddress } from '../evm/address.ts';
import type { ReadyService } from '../ready-service.ts';
import type { OpenedProject } from '../records/projects.ts';
import { findRoute } from './route.ts';
import { type VerifiedWalletToken, verifyWalletToken } from './wallet-token.ts';

/** A request that a valid Wallet Secret of the project signed, for the operation that it says. */
export interface AuthorizedRequest {
  readonly project: OpenedProject;
  readonly token: VerifiedWalletToken;
  /** The EIP-55 address in the path, if the path names one. */
  readonly address: string | null;
  /** The body as plain values; an empty body is an empty object. */
  readonly body: JsonValue;
}

/**
 * Decides whether a request may go on. Everything that follows is taken from the verified method, path and body alone;
 * `operation` is only what the parent's envelope claims, and has to agree.
 * @throws OperationError WALLET_TOKEN_*, OPERATION_MISMATCH, MALFORMED_JSON, and those of opening the rows
 */
export async function authorize(
  operation: OperationName,
  { client, rows }: { readonly client: ClientRequest; readonly rows: ProjectRows },
  { projects, replayWindow, clock }: ReadyService,
): Promise<AuthorizedRequest> {
  const { method, path, walletToken } = client;
  const route = findRoute(method, path);
  if (route === null || route.operation !== operation) throw new OperationError('OPERATION_MISMATCH');
  const project = projects.open(rows);
  const json = parseBody(client.body);
  const token = verifyWalletToken(walletToken, {
    method,
    path,
    body: json,
    authority: project.authority.record,
    nowMs: clock.nowMs(),
    bootMs: clock.bootMs,
  });
  replayWindow.reserve(project.projectId, token.id, token.expiresAtMs);
  // Acting before its time would leave a token alive after a restart in the meantime.
  if (token.issuedAtS * 1000 > clock.nowMs()) await clock.until(token.issuedAtS * 1000);
  return {
    project,
    token,
    address: route.address === null ? null : checksumAddress(parseAddress(route.address)),
    body: json === null ? {} : toJsonValue(json),
  };
}

function parseBody(body: Uint8Array): JsonNode | null {
  if (body.length === 0) return null;
  try {
    return parseJson(body);
  } catch (cause) {
    if (cause instanceof JsonError) throw new OperationError('MALFORMED_JSON', { cause });
    throw cause;
  }
}
