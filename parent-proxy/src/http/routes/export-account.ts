import type { AccountKey } from '../../store/store.ts';
import { accountKeyOf, findNamedAccount, receiptHeader } from '../account.ts';
import type { ChainApi } from '../chain-api.ts';
import { idempotently } from '../idempotency.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { withSigningRows } from '../signing-rows.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** Has the enclave encrypt an account's key to the caller, if Wallet Secret, project and API key allow it. */
export function exportAccount(api: ChainApi) {
  return exportRoute(api, async (request) => accountKeyOf(api, request));
}

export function exportAccountByName(api: ChainApi) {
  return exportRoute(api, async (request, { store }) => {
    const { address } = await findNamedAccount(api, request, store);
    return { projectId: request.principal.project.projectId, family: api.family, address };
  });
}

function exportRoute(
  api: ChainApi,
  find: (request: ProjectRequest, services: Services) => Promise<AccountKey>,
) {
  return (request: ProjectRequest, services: Services): Promise<Answer> =>
    idempotently(request, services, async ({ claim }) => {
      const key = await find(request, services);
      const client = clientRequestOf(request);
      const { receipt, ...answer } = await withSigningRows(
        { api, key, request },
        services,
        ({ project, address, rows }) => services.enclave.call(api.export, { client, project, address, rows }),
      );
      // Before anything else can fail: the key is out of the enclave.
      services.audit.accountExported(actorOf(request), key.address, receipt ?? null);
      if (claim !== null) await services.store.finishIdempotentRequest(claim);
      return { ...answer, headers: receiptHeader(receipt) };
    });
}
