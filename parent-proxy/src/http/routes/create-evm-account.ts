import { EVM_ADDRESS_EXISTS, EVM_NAME_EXISTS } from '@strongroom/shared/api/error-response';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { RequestError } from '../../request-error.ts';
import type { NewAccount, StoredAccount } from '../../store/store.ts';
import { certificateHeader } from '../evm-account.ts';
import { type Attempt, idempotently } from '../idempotency.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** Has the enclave make an account, and answers once its key and record are durable. */
export async function createAccount(request: ProjectRequest, services: Services): Promise<Answer> {
  return await idempotently(request, services, (attempt) =>
    attempt.madeAddressKey === null
      ? makeAccount(request, services, attempt)
      : answerAgain(request, services, attempt.madeAddressKey),
  );
}

async function makeAccount(request: ProjectRequest, services: Services, { claim }: Attempt): Promise<Answer> {
  const { enclave, store, audit } = services;
  const { project } = request.principal;
  const made = await enclave.call(createEvmAccount, {
    client: clientRequestOf(request),
    project,
    existing: null,
  });
  const account = newAccountOf(made, project.projectId);
  await assertNameFree(account, store);
  switch (await store.addAccount(account, claim)) {
    case 'added':
      audit.accountCreated(actorOf(request), account.address);
      return { ...made.answer, headers: certificateHeader(account.certificate) };
    case 'name-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: EVM_NAME_EXISTS });
    case 'address-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: EVM_ADDRESS_EXISTS });
    case 'claim-lost':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  }
}

function newAccountOf({ created }: ResponseOf<typeof createEvmAccount>, projectId: Uint8Array): NewAccount {
  if (created === null) throw new RequestError('INTERNAL');
  const { account, vaultId, walletKey, view } = created;
  return { projectId, family: 'evm', record: account, vaultId, walletKey, ...view };
}

/** Saves the vault a key that would have to be taken out again; the transaction that follows has the last word. */
async function assertNameFree(
  { projectId, family, name }: NewAccount,
  store: Services['store'],
): Promise<void> {
  if (name !== null && (await store.findAccountByName({ projectId, family, name })) !== null) {
    throw new RequestError('ALREADY_EXISTS', { clientMessage: EVM_NAME_EXISTS });
  }
}

/** The enclave verifies the repeated request like any other, and answers with the account of the first. */
async function answerAgain(request: ProjectRequest, services: Services, addressKey: string): Promise<Answer> {
  const { enclave, store } = services;
  const { project } = request.principal;
  const account = await store.findAccount({
    projectId: project.projectId,
    family: 'evm',
    address: addressKey,
  });
  const { address, record, certificate }: StoredAccount = account ?? absent();
  const { answer } = await enclave.call(createEvmAccount, {
    client: clientRequestOf(request),
    project,
    existing: { address, account: record },
  });
  return { ...answer, headers: certificateHeader(certificate) };
}

/** Account and idempotency row were written in one transaction, and accounts are never deleted. */
function absent(): never {
  throw new RequestError('INTERNAL');
}
