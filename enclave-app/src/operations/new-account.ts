import { randomBytes } from 'node:crypto';
import type { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import type { AuthorizedRequest } from '../auth/authorize.ts';
import type { ChainKeys } from '../keys/chain-key.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import { accountAnswer, accountViewOf } from './account-answer.ts';
import { assertAttachablePolicy } from './attachable-policy.ts';

export type NewAccountResponse = ResponseOf<typeof createEvmAccount>;

export interface NewAccountParameters {
  readonly keys: ChainKeys;
  readonly origin: AccountRecord['origin'];
  /** 32 bytes, zeroed here. */
  readonly secretKey: Uint8Array;
  readonly name: string | undefined;
  readonly accountPolicy: string | undefined;
}

/** Makes the first record of an account, seals its key, and certifies its address. */
export function newAccount(
  { project, token }: AuthorizedRequest,
  parameters: NewAccountParameters,
  service: ReadyService,
): NewAccountResponse {
  const { keys, origin, secretKey, name, accountPolicy } = parameters;
  const { accounts, clock, deployment } = service;
  const authority = project.authority.record;
  const policyId = accountPolicy ?? null;
  assertAttachablePolicy(authority, policyId);
  const nowMs = clock.nowMs();
  const record: AccountRecord = {
    v: 1,
    projectId: project.projectId,
    version: 1,
    previous: null,
    family: keys.family,
    curve: keys.curve,
    ...keys.identify(secretKey),
    vaultId: randomBytes(16),
    origin,
    name: name ?? null,
    policyId,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    recentTokens: [{ id: token.id, issuedAtS: token.issuedAtS }],
  };
  const walletKey = accounts.sealWalletKey(project, record, secretKey);
  secretKey.fill(0);
  return {
    answer: accountAnswer(201, record, authority),
    created: {
      account: accounts.seal(record),
      vaultId: record.vaultId,
      walletKey,
      view: accountViewOf(deployment, record),
    },
  };
}
