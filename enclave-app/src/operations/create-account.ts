import { createAccountBody } from '@strongroom/shared/api/account-body';
import type { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import type { ParsedRequestOf } from '@strongroom/shared/operations/operation';
import { authorize } from '../auth/authorize.ts';
import { type ChainKeys, makeSecretKey } from '../keys/chain-key.ts';
import type { ReadyService } from '../ready-service.ts';
import { accountAnswer } from './account-answer.ts';
import { type NewAccountResponse, newAccount } from './new-account.ts';
import { parseBody } from './parse-body.ts';

type CreateOperation = 'create-evm-account' | 'create-solana-account';

/** Makes a key and its account; or answers again for the account that the same request made before. */
export function handleCreateAccount(operation: CreateOperation, keys: ChainKeys) {
  return async (
    { client, project: rows, existing }: ParsedRequestOf<typeof createEvmAccount>,
    service: ReadyService,
  ): Promise<NewAccountResponse> => {
    const request = await authorize(operation, { client, rows }, service);
    const { name, accountPolicy } = parseBody(createAccountBody, request.body);
    if (existing !== null) {
      const { record } = service.accounts.open(request.project, existing.address, existing.account);
      return { answer: accountAnswer(201, record, request.project.authority.record), created: null };
    }
    const secretKey = makeSecretKey(keys, service.entropy);
    return newAccount(request, { keys, origin: 'created', secretKey, name, accountPolicy }, service);
  };
}
