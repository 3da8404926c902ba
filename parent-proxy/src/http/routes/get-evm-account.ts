import { EVM_NAME_NOT_FOUND } from '@strongroom/shared/api/error-response';
import { RequestError } from '../../request-error.ts';
import { evmAccountAnswer, evmAccountKeyOf, evmAddressNotFound } from '../evm-account.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** The account of an address in any case. */
export async function getEvmAccount(request: ProjectRequest, { store }: Services): Promise<Answer> {
  const account = await store.findAccount(evmAccountKeyOf(request));
  if (account === null) throw evmAddressNotFound();
  return evmAccountAnswer(account);
}

export async function getEvmAccountByName(
  { principal, parameters }: ProjectRequest,
  { store }: Services,
): Promise<Answer> {
  const name = parameters['name'] ?? '';
  const account = await store.findAccountByName({
    projectId: principal.project.projectId,
    family: 'evm',
    name,
  });
  if (account === null) throw new RequestError('NOT_FOUND', { clientMessage: EVM_NAME_NOT_FOUND });
  return evmAccountAnswer(account);
}
