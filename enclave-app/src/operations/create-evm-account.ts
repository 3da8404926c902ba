import { randomBytes } from 'node:crypto';
import { createAccountBody } from '@strongroom/shared/api/account-body';
import type { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import type { RequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { authorize } from '../auth/authorize.ts';
import { addressFromPublicKey, checksumAddress } from '../evm/address.ts';
import type { Entropy } from '../keys/entropy.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import { isSecp256k1SecretKey, secp256k1PublicKey } from '../sign/secp256k1.ts';
import { accountAnswer, accountViewOf } from './account-answer.ts';
import { assertAttachablePolicy } from './attachable-policy.ts';
import { parseBody } from './parse-body.ts';

/** Makes a key, its account record and certificate; or answers again for the account that the same request made before. */
export async function handleCreateEvmAccount(
  { client, project: rows, existing }: RequestOf<typeof createEvmAccount>,
  service: ReadyService,
): Promise<ResponseOf<typeof createEvmAccount>> {
  const { project, token, body } = await authorize('create-evm-account', { client, rows }, service);
  const { name, accountPolicy } = parseBody(createAccountBody, body);
  const { authority } = project;
  if (existing !== null) {
    const { record } = service.accounts.open(project, existing.address, existing.account);
    return { answer: accountAnswer(201, record, authority.record), created: null };
  }
  const policyId = accountPolicy ?? null;
  assertAttachablePolicy(authority.record, policyId);
  const secretKey = makeSecp256k1Key(service.entropy);
  const nowMs = service.clock.nowMs();
  const record: AccountRecord = {
    v: 1,
    projectId: project.projectId,
    version: 1,
    previous: null,
    family: 'evm',
    curve: 'secp256k1',
    address: checksumAddress(addressFromPublicKey(secp256k1PublicKey(secretKey, false))),
    publicKey: secp256k1PublicKey(secretKey, true),
    vaultId: randomBytes(16),
    origin: 'created',
    name: name ?? null,
    policyId,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    recentTokens: [{ id: token.id, issuedAtS: token.issuedAtS }],
  };
  const walletKey = service.accounts.sealWalletKey(project, record, secretKey);
  secretKey.fill(0);
  return {
    answer: accountAnswer(201, record, authority.record),
    created: {
      account: service.accounts.seal(record),
      vaultId: record.vaultId,
      walletKey,
      view: accountViewOf(service.deployment, record),
    },
  };
}

/** All but about 2^-128 of 32-byte strings are keys. */
function makeSecp256k1Key(entropy: Entropy): Uint8Array {
  for (;;) {
    const candidate = entropy(32);
    if (isSecp256k1SecretKey(candidate)) return candidate;
  }
}
