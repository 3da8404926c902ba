import { accountAnswer, accountKeyOf, addressNotFound, findNamedAccount } from '../account.ts';
import type { ChainApi } from '../chain-api.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** The account of an address. */
export function getAccount(api: ChainApi) {
  return async (request: ProjectRequest, { store }: Services): Promise<Answer> => {
    const account = await store.findAccount(accountKeyOf(api, request));
    if (account === null) throw addressNotFound(api);
    return accountAnswer(account, request);
  };
}

export function getAccountByName(api: ChainApi) {
  return async (request: ProjectRequest, { store }: Services): Promise<Answer> =>
    accountAnswer(await findNamedAccount(api, request, store), request);
}
