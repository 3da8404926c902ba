import type { ResponseOf } from '@strongroom/shared/operations/operation';
import type { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { RequestError } from '../../request-error.ts';
import { accountKeyOf, addressNotFound, certificateHeader } from '../account.ts';
import type { ChainApi } from '../chain-api.ts';
import { type Attempt, idempotently, keeping, keptAnswer } from '../idempotency.ts';
import { hexOf } from '../json.ts';
import { withNewestProject } from '../newest-project.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** Has the enclave write the account's next record, and answers once it has replaced the one before. */
export function updateAccount(api: ChainApi) {
  return (request: ProjectRequest, services: Services): Promise<Answer> => {
    const { projectId, address } = accountKeyOf(api, request);
    const turn = `${hexOf(projectId)}/${address.toLowerCase()}`;
    return idempotently(request, services, (attempt) =>
      services.turns.run(turn, () => replace(api, { request, attempt }, services)),
    );
  };
}

interface Update {
  readonly request: ProjectRequest;
  readonly attempt: Attempt;
}

async function replace(api: ChainApi, { request, attempt }: Update, services: Services): Promise<Answer> {
  const { enclave, store } = services;
  const key = accountKeyOf(api, request);
  const stored = await store.findAccount(key);
  if (stored === null) throw addressNotFound(api);
  const client = clientRequestOf(request);
  const updated = await withNewestProject(request, services, ({ project }) =>
    enclave.call(api.update, { client, project, account: stored.record }),
  );
  // Done before: the enclave has verified the repeated request, and what it would write again is dropped.
  if (attempt.repeated !== null)
    return { ...keptAnswer(attempt.repeated), headers: certificateHeader(stored.certificate) };
  return await keep(api, { request, attempt, updated }, services);
}

async function keep(
  api: ChainApi,
  { request, attempt, updated }: Update & { readonly updated: ResponseOf<typeof updateEvmAccount> },
  { store, audit }: Services,
): Promise<Answer> {
  const { answer, account: record, view } = updated;
  const { name, policyId, updatedAtMs, certificate } = view;
  const next = { ...accountKeyOf(api, request), name, policyId, updatedAtMs, certificate, record };
  switch (await store.replaceAccount(next, keeping(attempt.claim, answer))) {
    case 'replaced':
      audit.accountUpdated(actorOf(request), view.address, record.version);
      return { ...answer, headers: certificateHeader(certificate) };
    case 'name-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: api.messages.nameExists });
    case 'version-conflict':
    case 'policy-gone':
      throw new RequestError('CONFLICT');
    case 'claim-lost':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  }
}
