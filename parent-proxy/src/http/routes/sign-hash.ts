import { dataSuffixOf, proposalOf } from '@strongroom/chain-relay/smart-account/proposal';
import type { UserOperation } from '@strongroom/chain-relay/smart-account/user-operation';
import { type PresentedUserOperation, signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import * as v from 'valibot';
import type { SigningRows } from '../../store/store.ts';
import { accountKeyOf } from '../account.ts';
import { EVM_API } from '../chain-api.ts';
import { idempotently } from '../idempotency.ts';
import { readJsonBody } from '../json.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { assertFits, withSigningRows } from '../signing-rows.ts';
import { type CallBody, requestedCalls } from '../user-operation.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** All that the proxy has to know of the body; the enclave validates it. */
const hashedBody = v.looseObject({ hash: v.string() });

/** Signs 32 bytes. If they are the hash of a user operation that was prepared here, the enclave is shown it, to judge its calls. */
export function signHash(request: ProjectRequest, services: Services): Promise<Answer> {
  return idempotently(request, services, async ({ claim }) => {
    const key = accountKeyOf(EVM_API, request);
    const client = clientRequestOf(request);
    const answer = await withSigningRows({ api: EVM_API, key, request }, services, async (rows) => {
      // Without policies there is nothing to judge by.
      const userOperation = rows.policies.length === 0 ? null : await findPrepared(request, rows, services);
      return await services.enclave.call(signEvmHash, {
        client,
        project: rows.project,
        rows: rows.rows,
        policies: [...rows.policies],
        ...(userOperation !== null && { userOperation }),
      });
    });
    if (claim !== null) await services.store.finishIdempotentRequest(claim);
    services.audit.signed(actorOf(request), signEvmHash.name, key.address);
    return answer;
  });
}

async function findPrepared(
  { principal, body }: ProjectRequest,
  rows: SigningRows,
  { store }: Services,
): Promise<PresentedUserOperation | null> {
  const { projectId } = principal.project;
  const asked = v.safeParse(hashedBody, readJsonBody(v.unknown(), body));
  if (!asked.success) return null;
  const stored = await store.findUserOperationByHash(projectId, asked.output.hash);
  const account = stored === null ? null : await store.findSmartAccount(stored);
  if (stored === null || account === null) return null;
  const operation = JSON.parse(stored.operation) as UserOperation;
  const shownCalls = JSON.parse(stored.calls) as CallBody[];
  const calls = requestedCalls(shownCalls);
  const suffix = dataSuffixOf(operation, calls);
  const prepared = {
    network: stored.network,
    calls: shownCalls,
    ...(suffix !== '0x' && { dataSuffix: suffix }),
  };
  const presented = Buffer.from(JSON.stringify(prepared));
  assertFits(rows, presented);
  return {
    sender: Buffer.from(account.address.slice(2), 'hex'),
    owners: account.owners.map((owner) => Buffer.from(owner.slice(2), 'hex')),
    body: presented,
    proposal: proposalOf(operation, calls),
  };
}
