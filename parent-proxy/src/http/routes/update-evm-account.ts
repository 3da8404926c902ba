import { EVM_NAME_EXISTS } from '@strongroom/shared/api/error-response';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { RequestError } from '../../request-error.ts';
import { certificateHeader, evmAccountKeyOf, evmAddressNotFound } from '../evm-account.ts';
import { type Attempt, idempotently } from '../idempotency.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** Has the enclave write the account's next record, and answers once it has replaced the one before. */
export async function updateAccount(request: ProjectRequest, services: Services): Promise<Answer> {
  return await idempotently(request, services, (attempt) => replace(request, services, attempt));
}

async function replace(request: ProjectRequest, services: Services, { claim }: Attempt): Promise<Answer> {
  const { enclave, store, audit } = services;
  const key = evmAccountKeyOf(request);
  const stored = await store.findAccount(key);
  if (stored === null) throw evmAddressNotFound();
  const { project } = request.principal;
  const client = clientRequestOf(request);
  const updated = await enclave.call(updateEvmAccount, { client, project, account: stored.record });
  const { answer, account: record, view } = updated;
  const { name, policyId, updatedAtMs, certificate } = view;
  switch (await store.replaceAccount({ ...key, name, policyId, updatedAtMs, certificate, record }, claim)) {
    case 'replaced':
      audit.accountUpdated(actorOf(request), view.address, record.version);
      return { ...answer, headers: certificateHeader(certificate) };
    case 'name-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: EVM_NAME_EXISTS });
    case 'version-conflict':
      throw new RequestError('CONFLICT');
    case 'claim-lost':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  }
}
