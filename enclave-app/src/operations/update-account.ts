import { updateAccountBody } from '@strongroom/shared/api/account-body';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { authorizeForAccount } from '../auth/authorize.ts';
import { GATED_OPERATIONS, requireSecondFactor } from '../auth/second-factor.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import { assertUnusedToken, rememberToken } from '../records/recent-tokens.ts';
import { accountAnswer, accountViewOf } from './account-answer.ts';
import { assertAttachablePolicy } from './attachable-policy.ts';
import { parseBody } from './parse-body.ts';

type UpdateOperation = 'update-evm-account' | 'update-solana-account';

/** Writes the next version of an account's record; fields that the body leaves out stay as they are. */
export function handleUpdateAccount(operation: UpdateOperation) {
  return async (
    { client, project: rows, account: sealed }: ParsedRequestOf<typeof updateEvmAccount>,
    service: ReadyService,
  ): Promise<ResponseOf<typeof updateEvmAccount>> => {
    const request = { client, rows, account: sealed };
    const { project, token, account, body } = await authorizeForAccount(operation, request, service);
    const { name, accountPolicy } = parseBody(updateAccountBody, body);
    const authority = project.authority.record;
    const { record, digest } = account;
    assertUnusedToken(record.recentTokens, token);
    if (accountPolicy) assertAttachablePolicy(authority, accountPolicy);
    if (accountPolicy !== undefined) {
      const demand = {
        purposes: GATED_OPERATIONS[operation],
        isBesideSignature: true,
        writesRecord: false,
      };
      requireSecondFactor({ client, project }, demand, service);
    }
    const nowMs = service.clock.nowMs();
    const next: AccountRecord = {
      ...record,
      version: record.version + 1,
      previous: digest,
      name: name ?? record.name,
      policyId: accountPolicy === undefined ? record.policyId : accountPolicy || null,
      updatedAtMs: nowMs,
      recentTokens: rememberToken(record.recentTokens, token, nowMs),
    };
    return {
      answer: accountAnswer(200, next, authority),
      account: service.accounts.seal(next),
      view: accountViewOf(service.deployment, next),
    };
  };
}
