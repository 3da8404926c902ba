import { checksumAddress } from '@strongroom/chain-relay/evm/checksum';
import { smartAccountAddress } from '@strongroom/chain-relay/smart-account/contracts';
import { createSmartAccountBody, updateSmartAccountBody } from '@strongroom/shared/api/smart-account-body';
import { RequestError } from '../../request-error.ts';
import type { SmartAccount } from '../../store/smart-account-store.ts';
import { EVM_API } from '../chain-api.ts';
import { type Attempt, idempotently, keeping, keptAnswer } from '../idempotency.ts';
import { jsonAnswer, readJsonBody } from '../json.ts';
import { encodeCursor, pageOf } from '../page.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** The address follows from the owners alone; the project only remembers it. */
export async function createSmartAccount(request: ProjectRequest, services: Services): Promise<Answer> {
  const { owners, name } = readJsonBody(createSmartAccountBody, request.body);
  const checksummed = owners.map(checksumAddress);
  // The wallet's contract takes no owner twice: the address could receive, and never be deployed.
  if (new Set(checksummed).size < owners.length)
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'An account cannot be an owner twice.' });
  const nowMs = services.nowMs();
  const account: SmartAccount = {
    projectId: request.principal.project.projectId,
    address: smartAccountAddress(checksummed),
    owners: checksummed,
    name: name ?? null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  return await idempotently(request, services, (attempt) => add(account, { request, attempt }, services));
}

async function add(
  account: SmartAccount,
  { request, attempt }: { readonly request: ProjectRequest; readonly attempt: Attempt },
  { store }: Services,
): Promise<Answer> {
  if (attempt.repeated !== null) return keptAnswer(attempt.repeated);
  const answer = answerWith(201, account, request);
  switch (await store.addSmartAccount(account, keeping(attempt.claim, answer))) {
    case 'added':
      return answer;
    case 'name-taken':
      throw new RequestError('ALREADY_EXISTS', {
        clientMessage: 'EVM smart account with the given name already exists.',
      });
    case 'address-taken':
      throw new RequestError('ALREADY_EXISTS', {
        // The SDK looks for these words, and then for the smart account that the owner has.
        clientMessage: 'Multiple smart wallets with the same owner are not supported.',
      });
    case 'claim-lost':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  }
}

export async function getSmartAccount(request: ProjectRequest, { store }: Services): Promise<Answer> {
  return answerWith(200, await findSmartAccountOf(request, store), request);
}

export async function getSmartAccountByName(request: ProjectRequest, { store }: Services): Promise<Answer> {
  const { principal, parameters } = request;
  const account = await store.findSmartAccountByName(principal.project.projectId, parameters['name'] ?? '');
  if (account === null)
    throw new RequestError('NOT_FOUND', {
      clientMessage: 'EVM smart account with the given name not found.',
    });
  return answerWith(200, account, request);
}

export async function listSmartAccounts(request: ProjectRequest, { store }: Services): Promise<Answer> {
  const { principal, query } = request;
  const { projectId } = principal.project;
  const { rows, next } = await store.listSmartAccounts({ projectId, ...pageOf(query) });
  return jsonAnswer(200, {
    accounts: rows.map((account) => bodyOf(account, request)),
    ...(next !== null && { nextPageToken: encodeCursor(next) }),
  });
}

export async function updateSmartAccount(request: ProjectRequest, services: Services): Promise<Answer> {
  const { store, nowMs } = services;
  const account = await findSmartAccountOf(request, store);
  const { name = account.name } = readJsonBody(updateSmartAccountBody, request.body);
  switch (await store.renameSmartAccount(account, name, nowMs())) {
    case 'renamed':
      return answerWith(200, await find(request, account.address, store), request);
    case 'name-taken':
      throw new RequestError('ALREADY_EXISTS', {
        clientMessage: 'EVM smart account with the given name already exists.',
      });
    case 'not-found':
      throw notFound();
  }
}

/** The smart account that the path names. @throws RequestError INVALID_REQUEST, NOT_FOUND */
export async function findSmartAccountOf(
  request: ProjectRequest,
  store: Pick<Services['store'], 'findSmartAccount'>,
): Promise<SmartAccount> {
  const address = request.parameters['address'] ?? '';
  if (!EVM_API.addressPattern.test(address))
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'Invalid address provided.' });
  return await find(request, address, store);
}

async function find(
  { principal }: ProjectRequest,
  address: string,
  store: Pick<Services['store'], 'findSmartAccount'>,
): Promise<SmartAccount> {
  const account = await store.findSmartAccount({ projectId: principal.project.projectId, address });
  if (account === null) throw notFound();
  return account;
}

function notFound(): RequestError {
  return new RequestError('NOT_FOUND', {
    clientMessage: 'EVM smart account with the given address not found.',
  });
}

function answerWith(status: number, account: SmartAccount, request: ProjectRequest): Answer {
  return jsonAnswer(status, bodyOf(account, request));
}

function bodyOf(
  { address, owners, name, createdAtMs, updatedAtMs }: SmartAccount,
  { principal }: ProjectRequest,
) {
  const { projectPolicyId } = principal;
  return {
    address,
    owners,
    ...(name !== null && { name }),
    policies: projectPolicyId === null ? [] : [projectPolicyId],
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}
