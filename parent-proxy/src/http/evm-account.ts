import { accountBody } from '@strongroom/shared/api/account-body';
import { EVM_ADDRESS_NOT_FOUND } from '@strongroom/shared/api/error-response';
import { RequestError } from '../request-error.ts';
import type { AccountKey, StoredAccount } from '../store/store.ts';
import { base64Of, jsonAnswer } from './json.ts';
import type { Answer, ProjectRequest } from './request.ts';

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** The account that the path names. @throws RequestError INVALID_REQUEST */
export function evmAccountKeyOf({ principal, parameters }: ProjectRequest): AccountKey {
  const address = parameters['address'] ?? '';
  if (!ADDRESS.test(address)) {
    throw new RequestError('INVALID_REQUEST', {
      clientMessage: 'string doesn\'t match the regular expression "^0x[0-9a-fA-F]{40}$".',
    });
  }
  return { projectId: principal.project.projectId, family: 'evm', address };
}

export function evmAddressNotFound(): RequestError {
  return new RequestError('NOT_FOUND', { clientMessage: EVM_ADDRESS_NOT_FOUND });
}

/** An account as it is read: the row's columns, and the enclave's certificate for them in a header. */
export function evmAccountAnswer(account: StoredAccount): Answer {
  return jsonAnswer(200, accountBody(account, null), certificateHeader(account.certificate));
}

/** Account certificate, base64 of COSE_Sign1. A list has none: a page of them does not fit into the headers that clients take. */
export function certificateHeader(certificate: Uint8Array): Record<string, string> {
  return { 'strongroom-account-certificate': base64Of(certificate) };
}
