// TRUST BOUNDARY: a client's HTTP request as the parent relays it, with rows that the parent chose.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { JsonError } from '@strongroom/shared/json/json-error';
import { type JsonValue, toJsonValue } from '@strongroom/shared/json/json-value';
import { type JsonNode, parseJson } from '@strongroom/shared/json/parse-json';
import type { ClientRequest, ProjectRows, SealedRecord } from '@strongroom/shared/operations/fields';
import type { OperationName } from '@strongroom/shared/operations/registry';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import type { AuthorityRecord, Digested } from '../records/authority-record.ts';
import type { OpenedProject } from '../records/projects.ts';
import { findRoute } from './route.ts';
import { type VerifiedWalletToken, verifyWalletToken } from './wallet-token.ts';

/** A request for the operation that its own method and path say; who made it is not decided yet. */
export interface UnsignedRequest {
  readonly project: OpenedProject;
  /** The account in the path, in its canonical spelling, if the path names one. */
  readonly address: string | null;
  /** The smart account in the path, likewise. */
  readonly smartAccount: string | null;
  readonly name: string | null;
  readonly id: string | null;
  readonly json: JsonNode | null;
  /** The body as plain values; an empty body is an empty object. */
  readonly body: JsonValue;
}

/** A request that a valid Wallet Secret of the project signed. */
export interface AuthorizedRequest extends UnsignedRequest {
  readonly token: VerifiedWalletToken;
}

interface RelayedRequest {
  readonly client: ClientRequest;
  readonly rows: ProjectRows;
}

/**
 * Reads a request: everything that follows is taken from its method, path and body alone; `operation` is only what the parent's
 * envelope claims, and has to agree.
 * @throws OperationError OPERATION_MISMATCH, MALFORMED_JSON, and those of opening the rows
 */
export function parseUnsignedRequest(
  operation: OperationName,
  { client, rows }: RelayedRequest,
  { projects }: ReadyService,
): UnsignedRequest {
  const route = findRoute(client.method, client.path);
  if (route === null || route.operation !== operation) throw new OperationError('OPERATION_MISMATCH');
  const { address, smartAccount, name, id } = route;
  const project = projects.open(rows);
  const json = parseBody(client.body);
  return { project, address, smartAccount, name, id, json, body: json === null ? {} : toJsonValue(json) };
}

/**
 * Decides whether a request may go on: the Wallet Secret signed it, for this method, path and body, now, and for the first time.
 * @param authorityOf names other signers than the record's own, for the one request that a secret makes before it counts
 * @throws OperationError WALLET_TOKEN_*, RECORD_OLDER_VERSION, and those of `parseUnsignedRequest`
 */
export async function authorize(
  operation: OperationName,
  relayed: RelayedRequest,
  service: ReadyService,
  authorityOf: (request: UnsignedRequest) => AuthorityRecord = ownAuthority,
): Promise<AuthorizedRequest> {
  const request = parseUnsignedRequest(operation, relayed, service);
  const token = verifyToken(request, relayed.client, service, authorityOf(request));
  return { ...(await useToken(request, token, { rows: relayed.rows, service })), token };
}

/**
 * The same for a request that acts on more than the project. What `open` opens is opened before the token is spent: a parent that presents
 * an older record by mistake may come again with the newer one. It is opened again when the request had to wait: what is true when a token
 * comes may not be when it is due.
 * @throws OperationError WALLET_TOKEN_*, and those of opening
 */
export async function authorizeWith<Opened>(
  operation: OperationName,
  relayed: RelayedRequest,
  service: ReadyService,
  open: (request: UnsignedRequest) => Opened,
): Promise<AuthorizedRequest & { readonly opened: Opened }> {
  const request = parseUnsignedRequest(operation, relayed, service);
  const token = verifyToken(request, relayed.client, service);
  const opened = open(request);
  const due = await useToken(request, token, { rows: relayed.rows, service });
  return { ...due, token, opened: due === request ? opened : open(due) };
}

/** A request on behalf of an account whose record opened. */
export interface AuthorizedAccountRequest extends AuthorizedRequest {
  readonly account: Digested<AccountRecord>;
}

/**
 * The same for a request that names an account. `storedAddress` stands in where the path names the account otherwise.
 * @throws OperationError WALLET_TOKEN_*, and those of opening the record
 */
export async function authorizeForAccount(
  operation: OperationName,
  relayed: RelayedRequest & { readonly account: SealedRecord; readonly storedAddress?: string },
  service: ReadyService,
): Promise<AuthorizedAccountRequest> {
  const { opened, ...request } = await authorizeWith(operation, relayed, service, ({ project, address }) => {
    const named = address ?? relayed.storedAddress;
    if (named === undefined) throw new OperationError('OPERATION_MISMATCH');
    return service.accounts.open(project, named, relayed.account);
  });
  return { ...request, account: opened };
}

function ownAuthority({ project }: UnsignedRequest): AuthorityRecord {
  return project.authority.record;
}

function verifyToken(
  { project, json }: UnsignedRequest,
  client: ClientRequest,
  { clock }: ReadyService,
  authority: AuthorityRecord = project.authority.record,
): VerifiedWalletToken {
  const { method, path, walletToken } = client;
  return verifyWalletToken(walletToken, {
    method,
    path,
    body: json,
    authority,
    nowMs: clock.nowMs(),
    bootMs: clock.bootMs,
  });
}

/**
 * Reserves the token in the same turn of the event loop in which it was verified, then waits for its time. A record that was replaced
 * meanwhile does not count any more: its Wallet Secret may be revoked, its permission withdrawn. Nor do the keys of a root key that was:
 * what they sealed now would be lost when it is retired.
 * @returns the request; with the project as it is now if it had to wait
 * @throws OperationError WALLET_TOKEN_REPLAYED, REPLAY_TABLE_FULL, and those of opening the rows
 */
async function useToken(
  request: UnsignedRequest,
  token: VerifiedWalletToken,
  { rows, service }: { readonly rows: ProjectRows; readonly service: ReadyService },
): Promise<UnsignedRequest> {
  const { clock, replayWindow, projects } = service;
  replayWindow.reserve(request.project.projectId, token.id, token.expiresAtMs);
  const dueMs = token.issuedAtS * 1000;
  if (dueMs <= clock.nowMs()) return request;
  // Acting before its time would leave a token alive after a restart in the meantime.
  await clock.until(dueMs);
  return { ...request, project: projects.open(rows) };
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
