import {
  type DelegationLook,
  decodeDelegation,
  delegateEvm,
  lookAtDelegation,
} from '@strongroom/chain-relay/evm/delegate';
import type { OutboxEntry } from '@strongroom/chain-relay/outbox-store';
import { SPEND_PERMISSION_MANAGER } from '@strongroom/chain-relay/smart-account/spend-permission';
import {
  DELEGATION_ID_PREFIX_DIGITS,
  delegateAccountBody,
  delegationOperationIdOf,
} from '@strongroom/shared/api/delegation-body';
import type { EvmNetwork } from '@strongroom/shared/api/networks';
import {
  type DelegationProposal,
  delegateEvmAccount as operation,
} from '@strongroom/shared/operations/delegate-evm-account';
import * as v from 'valibot';
import { RequestError } from '../../request-error.ts';
import { accountKeyOf } from '../account.ts';
import { EVM_API } from '../chain-api.ts';
import { idempotently } from '../idempotency.ts';
import { jsonAnswer, readJsonBody } from '../json.ts';
import { keeperOf, sendAgain } from '../kept-transaction.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { withSigningRows } from '../signing-rows.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

const ID = /^[a-f0-9-]{36}$/;

/** Has an account delegate to the wallet of the image, and remembers it as a smart account that owns itself. */
export async function delegateEvmAccount(request: ProjectRequest, services: Services): Promise<Answer> {
  const key = accountKeyOf(EVM_API, request);
  const client = clientRequestOf(request);
  const sign = (proposal: DelegationProposal) =>
    withSigningRows({ api: EVM_API, key, request }, services, ({ project, rows, policies }) =>
      services.enclave.call(operation, { client, project, rows, policies: [...policies], proposal }),
    );
  return await idempotently(request, services, async ({ claim, repeated }) => {
    if (repeated !== null) {
      const signAsBefore = (proposal: string) => sign(proposalOf(proposal));
      return await sendAgain({ request, madeId: repeated.madeId, sign: signAsBefore }, services);
    }
    // The enclave validates the body; what it would refuse is not prepared.
    const body = v.safeParse(delegateAccountBody, readJsonBody(v.unknown(), request.body));
    const network = body.success ? body.output.network : null;
    const { answer, transaction } = await delegateEvm(
      { network, sender: key.address.toLowerCase() },
      { sign, ...keeperOf(request, claim, services) },
      services.relay,
    );
    const isOpen = body.success && body.output.enableSpendPermissions === true;
    await rememberSmartAccount(request, isOpen, services);
    services.audit.sent(actorOf(request), network ?? '', transaction.id);
    return answer;
  });
}

function proposalOf(stored: string): DelegationProposal {
  const proposal = decodeDelegation(stored);
  if (proposal === null) throw new RequestError('INTERNAL');
  return proposal;
}

/** Whether it is there already does not matter: it is the same account on every chain. */
async function rememberSmartAccount(
  request: ProjectRequest,
  isOpenToSpendPermissions: boolean,
  { store, nowMs }: Services,
): Promise<void> {
  const { projectId } = request.principal.project;
  const { address } = accountKeyOf(EVM_API, request);
  const account = await store.findAccount({ projectId, family: EVM_API.family, address });
  if (account === null) throw new RequestError('INTERNAL');
  const times = { createdAtMs: nowMs(), updatedAtMs: nowMs() };
  const owners = isOpenToSpendPermissions ? [account.address, SPEND_PERMISSION_MANAGER] : [account.address];
  await store.addSmartAccount({ projectId, address: account.address, owners, name: null, ...times }, null);
}

/** Looks at the chain for what became of a delegation. */
export async function getDelegation(
  { principal, parameters }: ProjectRequest,
  { store, relay }: Services,
): Promise<Answer> {
  const { projectId } = principal.project;
  const delegationOperationId = parameters['delegationOperationId'] ?? '';
  if (!ID.test(delegationOperationId))
    throw new RequestError('INVALID_REQUEST', {
      clientMessage: 'Invalid delegation operation ID format.',
    });
  const prefix = `0x${delegationOperationId.replaceAll('-', '').slice(0, DELEGATION_ID_PREFIX_DIGITS)}`;
  const candidates = await store.findOutboxEntriesByPrefix(projectId, prefix);
  const entry = candidates.find(
    ({ id, proposal }) =>
      delegationOperationIdOf(id) === delegationOperationId && decodeDelegation(proposal) !== null,
  );
  if (entry === undefined)
    throw new RequestError('NOT_FOUND', { clientMessage: 'Delegation operation not found.' });
  const look = await lookAtDelegation(entry, relay.chains.evm(entry.network as EvmNetwork));
  return jsonAnswer(200, { delegationOperationId, ...bodyOf(entry, look) });
}

function bodyOf({ network, id }: OutboxEntry, { status, delegate }: DelegationLook) {
  return {
    status,
    network,
    ...(status !== 'PENDING' && { transactionHash: id }),
    ...(delegate !== null && { delegateAddress: delegate }),
  };
}
