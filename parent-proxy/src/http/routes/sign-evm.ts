import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { AccountRows, ClientRequest, ProjectRows } from '@strongroom/shared/operations/fields';
import type { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import type { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import type { signEvmTransaction } from '@strongroom/shared/operations/sign-evm-transaction';
import type { signEvmTypedData } from '@strongroom/shared/operations/sign-evm-typed-data';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import type { AccountKey } from '../../store/store.ts';
import { evmAccountKeyOf, evmAddressNotFound } from '../evm-account.ts';
import { type Attempt, idempotently } from '../idempotency.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

type SignOperation =
  | typeof signEvmHash
  | typeof signEvmMessage
  | typeof signEvmTypedData
  | typeof signEvmTransaction;

/** Makes the route of one signing operation. The enclave verifies, decides, signs and writes the answer; nothing is kept here. */
export function signEvm(operation: SignOperation) {
  return (request: ProjectRequest, services: Services): Promise<Answer> =>
    idempotently(request, services, async ({ claim }: Attempt) => {
      const key = evmAccountKeyOf(request);
      const answer = await sign(operation, { key, client: clientRequestOf(request), request }, services);
      if (claim !== null) await services.store.finishIdempotentRequest(claim);
      services.audit.signed(actorOf(request), operation.name, key.address);
      return answer;
    });
}

interface Signing {
  readonly key: AccountKey;
  readonly client: ClientRequest;
  readonly request: ProjectRequest;
}

async function sign(
  operation: SignOperation,
  { key, client, request }: Signing,
  services: Services,
): Promise<HttpAnswer> {
  const { project, apiKeyId } = request.principal;
  const rows = await services.store.findSigningRows(key);
  if (rows === null) throw evmAddressNotFound();
  try {
    return await services.enclave.call(operation, { client, project, rows });
  } catch (error) {
    const isOlder = error instanceof OperationError && error.code === 'RECORD_OLDER_VERSION';
    const newer = isOlder ? await readNewer({ key, apiKeyId, project, rows }, services) : null;
    if (newer === null) throw error;
    return await services.enclave.call(operation, { client, ...newer });
  }
}

interface PresentedRows {
  readonly key: AccountKey;
  readonly apiKeyId: string;
  readonly project: ProjectRows;
  readonly rows: AccountRows;
}

/** Rows that an update replaced between reading and presenting them. Null when there are none newer: then the store was rolled back. */
async function readNewer({ key, apiKeyId, project, rows }: PresentedRows, { store }: Services) {
  const principal = await store.findPrincipal(apiKeyId);
  const newRows = await store.findSigningRows(key);
  if (principal === null || newRows === null) return null;
  const isNewer =
    principal.project.authority.version > project.authority.version ||
    newRows.account.version > rows.account.version;
  return isNewer ? { project: principal.project, rows: newRows } : null;
}
