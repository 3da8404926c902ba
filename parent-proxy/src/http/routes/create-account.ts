import type { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import type { RequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { RequestError } from '../../request-error.ts';
import type { DoneRequest } from '../../store/idempotency-store.ts';
import type { NewAccount, Principal } from '../../store/store.ts';
import { certificateHeader } from '../account.ts';
import type { ChainApi } from '../chain-api.ts';
import { type Attempt, fingerprintWithout, idempotently, keeping, keptAnswer } from '../idempotency.ts';
import { ensureImportKey } from '../import-key.ts';
import { withNewestProject } from '../newest-project.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { receiptHeader, requireReceipt } from '../transfer-receipt.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

type Existing = RequestOf<typeof createEvmAccount>['existing'];
/** With the receipt of an import that makes an account. */
type Made = ResponseOf<typeof createEvmAccount> & { readonly receipt: Uint8Array | null };
/** Asks the enclave for an account, or for the answer to one that exists. */
type Ask = (principal: Principal, existing: Existing) => Promise<Made>;

/** Has the enclave make an account, and answers once its key and record are durable. */
export function createAccount(api: ChainApi) {
  return (request: ProjectRequest, services: Services): Promise<Answer> => {
    const client = clientRequestOf(request);
    const ask: Ask = async ({ project }, existing) => {
      const made = await services.enclave.call(api.create, { client, project, existing });
      return { ...made, receipt: null };
    };
    return idempotently(request, services, (attempt) => addAccount(api, { request, attempt, ask }, services));
  };
}

/**
 * Has the enclave take a key over. Every encryption of a key differs, so a repeated request is known by the rest of its body, and the
 * enclave compares the keys.
 */
export function importAccount(api: ChainApi) {
  return (request: ProjectRequest, services: Services): Promise<Answer> => {
    const client = clientRequestOf(request);
    const ask: Ask = async ({ project }, existing) => {
      const importKey = await ensureImportKey(project, services);
      const made = await services.enclave.call(api.import, { client, project, existing, importKey });
      return { ...made, receipt: made.created === null ? null : requireReceipt(made.receipt) };
    };
    const fingerprint = fingerprintWithout('encryptedPrivateKey');
    return idempotently(
      request,
      services,
      (attempt) => addAccount(api, { request, attempt, ask }, services),
      fingerprint,
    );
  };
}

interface Addition {
  readonly request: ProjectRequest;
  readonly attempt: Attempt;
  readonly ask: Ask;
}

async function addAccount(api: ChainApi, addition: Addition, services: Services): Promise<Answer> {
  const { request, attempt, ask } = addition;
  if (attempt.repeated !== null) return await answerAgain(api, { request, ask }, attempt.repeated, services);
  const made = await withNewestProject(request, services, (principal) => ask(principal, null));
  const account = newAccountOf(made, api, request);
  await assertNameFree(api, account, services.store);
  switch (await services.store.addAccount(account, keeping(attempt.claim, made.answer))) {
    case 'added':
      services.audit.accountCreated(actorOf(request), account.address, account.importReceipt);
      return {
        ...made.answer,
        headers: { ...certificateHeader(account.certificate), ...receiptHeader(account.importReceipt) },
      };
    case 'name-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: api.messages.nameExists });
    case 'address-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: api.messages.addressExists });
    case 'policy-gone':
      throw new RequestError('CONFLICT');
    case 'claim-lost':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  }
}

function newAccountOf(
  { created, receipt: importReceipt }: Made,
  { family }: ChainApi,
  { principal }: ProjectRequest,
): NewAccount {
  if (created === null) throw new RequestError('INTERNAL');
  const { account, vaultId, walletKey, view } = created;
  const { projectId } = principal.project;
  return { projectId, family, record: account, vaultId, walletKey, importReceipt, ...view };
}

/** Saves the vault a key that would have to be taken out again; the transaction that follows has the last word. */
async function assertNameFree(
  { messages }: ChainApi,
  { projectId, family, name }: NewAccount,
  store: Services['store'],
): Promise<void> {
  if (name !== null && (await store.findAccountByName({ projectId, family, name })) !== null) {
    throw new RequestError('ALREADY_EXISTS', { clientMessage: messages.nameExists });
  }
}

/** The enclave verifies the repeated request like any other, and compares an imported key with the account's. */
async function answerAgain(
  { family }: ChainApi,
  { request, ask }: Pick<Addition, 'request' | 'ask'>,
  done: DoneRequest,
  { store }: Services,
): Promise<Answer> {
  const { projectId } = request.principal.project;
  const address = done.madeId ?? '';
  const account = await store.findAccount({ projectId, family, address });
  // Account and idempotency row were written in one transaction, and accounts are never deleted.
  if (account === null) throw new RequestError('INTERNAL');
  const existing = { address: account.address, account: account.record };
  await withNewestProject(request, { store }, (principal) => ask(principal, existing));
  return { ...keptAnswer(done), headers: certificateHeader(account.certificate) };
}
