import { isRelayError, RelayError } from '@strongroom/chain-relay/relay-error';
import { refuseAuthorized } from '@strongroom/chain-relay/sending';
import {
  type PreparedOperation,
  type PrepareRequest,
  prepareUserOperation,
} from '@strongroom/chain-relay/smart-account/prepare';
import { proposalOf } from '@strongroom/chain-relay/smart-account/proposal';
import { submitOperation } from '@strongroom/chain-relay/smart-account/submit';
import type { UserOperation } from '@strongroom/chain-relay/smart-account/user-operation';
import type { RequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import type { UserOperationProposal } from '@strongroom/shared/operations/user-operation-fields';
import { RequestError } from '../request-error.ts';
import type { PermissionChange, SmartAccount, StoredUserOperation } from '../store/smart-account-store.ts';
import { EVM_API } from './chain-api.ts';
import { type Attempt, idempotently } from './idempotency.ts';
import { hexOf } from './json.ts';
import type { Answer, ProjectRequest } from './request.ts';
import type { Services } from './services.ts';
import { withSigningRows } from './signing-rows.ts';
import { type CallBody, findEnclaveOwner, readUserOperation, requestedCalls } from './user-operation.ts';
import { actorOf, clientRequestOf } from './wallet-request.ts';

type Hex = `0x${string}`;
type Request = RequestOf<typeof prepareAndSendUserOperation>;
type Signed = ResponseOf<typeof prepareAndSendUserOperation>;

export interface WantedOperation {
  readonly prepare: PrepareRequest;
  /** As the API shows them. */
  readonly calls: readonly CallBody[];
  readonly permission: PermissionChange | null;
}

/** One user operation that the client's wallet token is for. */
export interface OwnerSend {
  readonly account: SmartAccount;
  /** Null for a body that the relay can make nothing of: the enclave has the words for that. */
  readonly wanted: WantedOperation | null;
  readonly sign: (request: Request) => Promise<Signed>;
}

/** The enclave never signs by it: the tip exceeds the fee. */
const REFUSED_PROPOSAL: UserOperationProposal = {
  nonce: 0,
  isDeployed: true,
  callGasLimit: 0,
  verificationGasLimit: 0,
  preVerificationGas: 0,
  maxFeePerGas: 0,
  maxPriorityFeePerGas: 1,
  paymasterAndData: null,
};

/**
 * Has a user operation prepared, signed by an owner in the enclave, stored, and handed to the bundler; a repeated request leads to the same
 * one. Whatever ends after it is stored, it is handed over.
 */
export async function sendAsOwner(
  request: ProjectRequest,
  send: OwnerSend,
  services: Services,
): Promise<Answer> {
  const { account } = send;
  const owner = await findEnclaveOwner(account, request, services.store);
  if (owner === null)
    throw new RequestError('FORBIDDEN', {
      clientMessage: 'Unable to sign transaction for this address.',
    });
  const client = clientRequestOf(request);
  const key = { projectId: account.projectId, family: EVM_API.family, address: owner.address };
  const owners = account.owners.map((each) => Buffer.from(each.slice(2), 'hex'));
  const sign = (proposal: UserOperationProposal) =>
    withSigningRows({ api: EVM_API, key, request }, services, ({ project, rows, policies }) =>
      send.sign({
        client,
        project,
        owners,
        ownerIndex: owner.index,
        rows,
        policies: [...policies],
        proposal,
      }),
    );
  return await idempotently(request, services, (attempt) =>
    attempt.repeated === null
      ? sendOnce({ request, send, sign, attempt }, services)
      : sendAgain({ request, send, sign, attempt }, services),
  );
}

interface Sending {
  readonly request: ProjectRequest;
  readonly send: OwnerSend;
  readonly sign: (proposal: UserOperationProposal) => Promise<Signed>;
  readonly attempt: Attempt;
}

async function sendOnce(sending: Sending, services: Services): Promise<Answer> {
  const { request, send, sign } = sending;
  const { wanted } = send;
  const prepared = await prepareOrFailure(send, services);
  if (prepared instanceof RelayError || wanted === null)
    return await refuseAuthorized(
      { sign },
      REFUSED_PROPOSAL,
      prepared instanceof RelayError ? prepared : new RelayError('USER_OPERATION_REFUSED'),
    );
  const { answer, operation } = await sign(proposalOf(prepared.operation, wanted.prepare.calls));
  const stored = storedOf(send, prepared, operation, services);
  const keep = {
    operation: stored,
    tokenId: operation.tokenId,
    claim: sending.attempt.claim,
    permission: wanted.permission,
  };
  switch (await services.store.keepUserOperation(keep)) {
    case 'kept':
      break;
    case 'in-flight':
      throw new RequestError('CONFLICT');
    case 'token-used':
      throw new RequestError('WALLET_TOKEN_REPLAYED');
    case 'claim-lost':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  }
  await deliver(stored, services);
  services.audit.userOperationSent(actorOf(request), stored.network, stored.userOpHash);
  return answer;
}

/** The enclave verifies and signs as the first time, which gives the same signature; what was kept is handed over again. */
async function sendAgain({ send, sign, attempt }: Sending, services: Services): Promise<Answer> {
  const userOpHash = attempt.repeated?.madeId ?? '';
  const stored = await readUserOperation({ ...send.account, userOpHash }, services.store);
  const kept = JSON.parse(stored.operation) as UserOperation;
  const calls = requestedCalls(JSON.parse(stored.calls) as CallBody[]);
  const { answer, operation } = await sign(proposalOf(kept, calls));
  if (`0x${hexOf(operation.hash)}` !== stored.userOpHash) throw new RequestError('INTERNAL');
  if (stored.status === 'dropped') throw new RelayError('USER_OPERATION_REFUSED');
  await deliver(stored, services);
  return answer;
}

async function prepareOrFailure(
  { account, wanted }: OwnerSend,
  { store, relay, nowMs }: Services,
): Promise<PreparedOperation | RelayError> {
  if (wanted === null) return new RelayError('USER_OPERATION_REFUSED');
  const { network } = wanted.prepare;
  try {
    const prepared = await prepareUserOperation(wanted.prepare, relay.chains);
    // Another operation with this nonce would replace the one before it, or be replaced.
    const open = await store.findOpenUserOperations({ ...account, network }, MAX_OPEN_LOOKED_AT);
    const isTaken = open.some(
      ({ operation, createdAtMs }) =>
        createdAtMs > nowMs() - STUCK_AFTER_MS &&
        (JSON.parse(operation) as UserOperation).nonce === prepared.operation.nonce,
    );
    return isTaken ? new RelayError('ACCOUNT_BUSY') : prepared;
  } catch (error) {
    if (isRelayError(error)) return error;
    throw error;
  }
}

const MAX_OPEN_LOOKED_AT = 20;
/** An operation that is not mined by then may be replaced by the next. */
const STUCK_AFTER_MS = 5 * 60_000;

function storedOf(
  { account, wanted }: OwnerSend,
  { operation, userOpHash }: PreparedOperation,
  signed: Signed['operation'],
  { nowMs }: Services,
): StoredUserOperation {
  // Whatever the enclave hashed, a bundler would be given this; if they differ, something here is wrong.
  if (wanted === null || `0x${hexOf(signed.hash)}` !== userOpHash) throw new RequestError('INTERNAL');
  const signature: Hex = `0x${hexOf(signed.signature)}`;
  return {
    projectId: account.projectId,
    address: account.address,
    userOpHash,
    network: wanted.prepare.network,
    operation: JSON.stringify({ ...operation, signature }),
    calls: JSON.stringify(wanted.calls),
    status: 'signed',
    receipt: null,
    createdAtMs: nowMs(),
  };
}

/**
 * Hands a stored operation over. One that the bundler refuses is never handed over again; one whose end is unknown is looked after.
 * @throws RelayError USER_OPERATION_REFUSED
 */
async function deliver(stored: StoredUserOperation, { store, relay }: Services): Promise<void> {
  if (stored.status !== 'signed') return;
  const operation = JSON.parse(stored.operation) as UserOperation;
  try {
    await submitOperation(operation, stored.userOpHash, relay.chains.bundler(stored.network));
    await store.moveUserOperation(stored, ['signed'], { status: 'broadcast' });
  } catch (error) {
    if (isRelayError(error, 'USER_OPERATION_REFUSED')) {
      await store.moveUserOperation(stored, ['signed'], { status: 'dropped' });
      throw error;
    }
    if (!isRelayError(error)) throw error;
  }
}
