import { accountBody } from '@strongroom/shared/api/account-body';
import { RequestError } from '../request-error.ts';
import type { AccountKey, StoredAccount } from '../store/store.ts';
import type { ChainApi } from './chain-api.ts';
import { base64Of, jsonAnswer } from './json.ts';
import type { Answer, ProjectRequest } from './request.ts';

/** The account that the path names. @throws RequestError INVALID_REQUEST */
export function accountKeyOf(
  { family, addressPattern }: ChainApi,
  { principal, parameters }: ProjectRequest,
): AccountKey {
  const address = parameters['address'] ?? '';
  if (!addressPattern.test(address)) {
    throw new RequestError('INVALID_REQUEST', {
      clientMessage: `string doesn't match the regular expression "${addressPattern.source}".`,
    });
  }
  return { projectId: principal.project.projectId, family, address };
}

export function addressNotFound({ messages }: ChainApi): RequestError {
  return new RequestError('NOT_FOUND', { clientMessage: messages.addressNotFound });
}

/** The account of the name in the path. @throws RequestError NOT_FOUND */
export async function findNamedAccount(
  { family, messages }: ChainApi,
  { principal, parameters }: ProjectRequest,
  store: {
    findAccountByName(key: Omit<AccountKey, 'address'> & { name: string }): Promise<StoredAccount | null>;
  },
): Promise<StoredAccount> {
  const { projectId } = principal.project;
  const account = await store.findAccountByName({ projectId, family, name: parameters['name'] ?? '' });
  if (account === null) throw new RequestError('NOT_FOUND', { clientMessage: messages.nameNotFound });
  return account;
}

/** An account as it is read: the row's columns, and the enclave's certificate for them in a header. */
export function accountAnswer(account: StoredAccount, { principal }: ProjectRequest): Answer {
  const body = accountBody(account, principal.projectPolicyId);
  return jsonAnswer(200, body, certificateHeader(account.certificate));
}

/** Account certificate, base64 of COSE_Sign1. A list has none: a page of them does not fit into the headers that clients take. */
export function certificateHeader(certificate: Uint8Array): Record<string, string> {
  return { 'strongroom-account-certificate': base64Of(certificate) };
}
