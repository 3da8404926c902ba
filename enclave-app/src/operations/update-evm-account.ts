import { updateAccountBody } from '@strongroom/shared/api/account-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { RequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { authorize } from '../auth/authorize.ts';
import { WALLET_TOKEN_LIFE_MS } from '../auth/wallet-token.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import { isRecentToken, rememberToken } from '../records/recent-tokens.ts';
import { accountAnswer, accountViewOf } from './account-answer.ts';
import { assertAttachablePolicy } from './attachable-policy.ts';
import { parseBody } from './parse-body.ts';

/** Writes the next version of an account's record; fields that the body leaves out stay as they are. */
export async function handleUpdateEvmAccount(
  { client, project: rows, account }: RequestOf<typeof updateEvmAccount>,
  service: ReadyService,
): Promise<ResponseOf<typeof updateEvmAccount>> {
  const { project, token, address, body } = await authorize('update-evm-account', { client, rows }, service);
  const { name, accountPolicy } = parseBody(updateAccountBody, body);
  const { record, digest } = service.accounts.open(project, address as string, account);
  if (isRecentToken(record.recentTokens, token.id)) throw new OperationError('WALLET_TOKEN_REPLAYED');
  const policyId =
    accountPolicy === undefined ? record.policyId : accountPolicy === '' ? null : accountPolicy;
  if (accountPolicy !== undefined) assertAttachablePolicy(project.authority.record, policyId);
  const nowMs = service.clock.nowMs();
  const next: AccountRecord = {
    ...record,
    version: record.version + 1,
    previous: digest,
    name: name ?? record.name,
    policyId,
    updatedAtMs: nowMs,
    recentTokens: rememberToken(
      record.recentTokens,
      { id: token.id, issuedAtS: token.issuedAtS },
      Math.floor((nowMs - WALLET_TOKEN_LIFE_MS) / 1000),
    ),
  };
  return {
    answer: accountAnswer(200, next, project.authority.record),
    account: service.accounts.seal(next),
    view: accountViewOf(service.deployment, next),
  };
}
