import { RequestError } from '../../request-error.ts';
import type { AccountKey } from '../../store/store.ts';
import { accountKeyOf, findNamedAccount } from '../account.ts';
import type { ChainApi } from '../chain-api.ts';
import { type Attempt, idempotently } from '../idempotency.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { withSigningRows } from '../signing-rows.ts';
import { receiptHeader, requireReceipt } from '../transfer-receipt.ts';
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
    idempotently(request, services, async (attempt) => {
      const key = await find(request, services);
      const client = clientRequestOf(request);
      const {
        receipt: made,
        address,
        ...answer
      } = await withSigningRows({ api, key, request }, services, async ({ project, address, rows }) => {
        const exported = await services.enclave.call(api.export, { client, project, address, rows });
        return { ...exported, address };
      });
      // Before anything else can fail: the key is out of the enclave, though not yet out of here.
      services.audit.accountExported(actorOf(request), address, made ?? null);
      const receipt = await keepReceipt(
        requireReceipt(made),
        { key: { ...key, address }, attempt },
        services,
      );
      return { ...answer, headers: receiptHeader(receipt) };
    });
}

/**
 * Makes the receipt durable: a key whose receipt cannot be kept does not leave. A repeated request, which has the same recipient, has the
 * receipt of the first.
 * @returns the receipt that is kept
 * @throws RequestError IDEMPOTENCY_IN_PROGRESS; StoreError
 */
async function keepReceipt(
  receipt: Uint8Array,
  { key, attempt }: { readonly key: AccountKey; readonly attempt: Attempt },
  { store, nowMs }: Pick<Services, 'store' | 'nowMs'>,
): Promise<Uint8Array> {
  const { projectId, address } = key;
  const { claim, repeated } = attempt;
  const first = repeated?.madeId ? await store.findTransferReceipt(projectId, repeated.madeId) : null;
  // The name in the path may be another account's by now.
  if (first?.address === address) return first.receipt;
  const outcome = await store.addExportReceipt({ projectId, address, receipt, storedAtMs: nowMs() }, claim);
  if (outcome === 'claim-lost') throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  return receipt;
}
