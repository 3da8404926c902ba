import {
  prepareUserOperation as prepare,
  signOperation,
} from '@strongroom/chain-relay/smart-account/prepare';
import { followOperation, submitOperation } from '@strongroom/chain-relay/smart-account/submit';
import type { UserOperation } from '@strongroom/chain-relay/smart-account/user-operation';
import { prepareUserOperationBody, sendUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import { RequestError } from '../../request-error.ts';
import type { SmartAccount, StoredUserOperation } from '../../store/smart-account-store.ts';
import { jsonAnswer, readJsonBody } from '../json.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { findSmartAccountOf } from './smart-accounts.ts';

type Hex = `0x${string}`;
const HASH = /^0x[0-9a-fA-F]{64}$/;

/** Completes a user operation and keeps it until its owner's signature comes. */
export async function prepareUserOperation(request: ProjectRequest, services: Services): Promise<Answer> {
  const { store, relay, nowMs } = services;
  const account = await findSmartAccountOf(request, store);
  const { network, calls, dataSuffix } = readJsonBody(prepareUserOperationBody, request.body);
  const { operation, userOpHash } = await prepare(
    {
      network,
      owners: account.owners as Hex[],
      calls: calls.map(({ to, value, data, overrideGasLimit }) => ({
        to: to as Hex,
        value: BigInt(value),
        data: data as Hex,
        overrideGasLimit: overrideGasLimit === undefined ? null : BigInt(overrideGasLimit),
      })),
      dataSuffix: (dataSuffix as Hex | undefined) ?? null,
    },
    relay.chains.evm(network),
    relay.chains.bundler(network),
  );
  const stored: StoredUserOperation = {
    projectId: account.projectId,
    address: account.address,
    userOpHash,
    network,
    operation: JSON.stringify(operation),
    calls: JSON.stringify(calls),
    status: 'pending',
    receipt: null,
    createdAtMs: nowMs(),
  };
  await store.addUserOperation(stored);
  return jsonAnswer(201, bodyOf(stored));
}

/** Keeps the signed operation, then hands it to the bundler. What a bundler has once taken it takes again as the same. */
export async function sendUserOperation(request: ProjectRequest, services: Services): Promise<Answer> {
  const { store, relay } = services;
  const { account, stored } = await findOperationOf(request, store);
  const { signature } = readJsonBody(sendUserOperationBody, request.body);
  const operation = JSON.parse(stored.operation) as UserOperation;
  const prepared = { operation, userOpHash: stored.userOpHash as Hex };
  const signed = await signOperation(prepared, signature as Hex, account.owners as Hex[]);
  if (stored.status === 'pending') {
    const kept = { status: 'signed', operation: JSON.stringify(signed) } as const;
    await store.moveUserOperation(stored, ['pending'], kept);
  }
  if (stored.status === 'pending' || stored.status === 'signed') {
    await submitOperation(signed, prepared.userOpHash, relay.chains.bundler(stored.network));
    await store.moveUserOperation(stored, ['signed'], { status: 'broadcast' });
  }
  return jsonAnswer(200, bodyOf(await reread(stored, store)));
}

/** Looks at the chain when there is something to learn from it. */
export async function getUserOperation(request: ProjectRequest, services: Services): Promise<Answer> {
  const { store, relay } = services;
  const { stored } = await findOperationOf(request, store);
  if (stored.status !== 'signed' && stored.status !== 'broadcast') return jsonAnswer(200, bodyOf(stored));
  const bundler = relay.chains.bundler(stored.network);
  const operation = JSON.parse(stored.operation) as UserOperation;
  const look = await followOperation(
    { operation, userOpHash: stored.userOpHash as Hex },
    stored.status,
    bundler,
  );
  if (look !== null) {
    const receipt = look.receipt === null ? null : JSON.stringify(look.receipt);
    await store.moveUserOperation(stored, ['signed', 'broadcast'], { status: look.status, receipt });
  }
  return jsonAnswer(200, bodyOf(await reread(stored, store)));
}

async function findOperationOf(
  request: ProjectRequest,
  store: Services['store'],
): Promise<{ readonly account: SmartAccount; readonly stored: StoredUserOperation }> {
  const account = await findSmartAccountOf(request, store);
  const userOpHash = request.parameters['userOpHash'] ?? '';
  if (!HASH.test(userOpHash)) throw new RequestError('INVALID_REQUEST');
  return { account, stored: await reread({ ...account, userOpHash }, store) };
}

async function reread(
  key: Pick<StoredUserOperation, 'projectId' | 'address' | 'userOpHash'>,
  store: Services['store'],
): Promise<StoredUserOperation> {
  const stored = await store.findUserOperation(key);
  if (stored === null) throw new RequestError('NOT_FOUND', { clientMessage: 'User operation not found.' });
  return stored;
}

function bodyOf({ network, userOpHash, calls, status, receipt }: StoredUserOperation) {
  const shown = receipt === null ? null : (JSON.parse(receipt) as { transactionHash: string });
  return {
    network,
    userOpHash,
    calls: JSON.parse(calls) as unknown,
    status,
    ...(shown !== null && { transactionHash: shown.transactionHash, receipts: [shown] }),
  };
}
