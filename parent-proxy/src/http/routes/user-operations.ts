import {
  prepareUserOperation as prepare,
  signOperation,
} from '@strongroom/chain-relay/smart-account/prepare';
import { submitOperation } from '@strongroom/chain-relay/smart-account/submit';
import type { UserOperation } from '@strongroom/chain-relay/smart-account/user-operation';
import {
  prepareAndSendUserOperationBody,
  prepareUserOperationBody,
  sendUserOperationBody,
} from '@strongroom/shared/api/smart-account-body';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import { prepareAndSendUserOperation as operation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import * as v from 'valibot';
import { RequestError } from '../../request-error.ts';
import type { SmartAccount, StoredUserOperation } from '../../store/smart-account-store.ts';
import { jsonAnswer, readJsonBody } from '../json.ts';
import { assertPreparable } from '../judge-user-operation.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import { type OwnerSend, sendAsOwner } from '../sent-user-operation.ts';
import type { Services } from '../services.ts';
import { prepareRequestOf, readUserOperation, refreshUserOperation } from '../user-operation.ts';
import { findSmartAccountOf } from './smart-accounts.ts';

type Hex = `0x${string}`;
const HASH = /^0x[0-9a-fA-F]{64}$/;

/** Completes a user operation and keeps it until its owner's signature comes. */
export async function prepareUserOperation(request: ProjectRequest, services: Services): Promise<Answer> {
  const { store, relay, nowMs } = services;
  const account = await findSmartAccountOf(request, store);
  const body = readJsonBody(prepareUserOperationBody, request.body);
  const { network, calls } = body;
  await assertPreparable(request, account, services);
  const { operation, userOpHash } = await prepare(prepareRequestOf(body, account), relay.chains);
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

/** Has the calls of the signed body made an operation, signed, stored and handed to the bundler. */
export async function prepareAndSendUserOperation(
  request: ProjectRequest,
  services: Services,
): Promise<Answer> {
  const account = await findSmartAccountOf(request, services.store);
  // The enclave validates the body; what it would refuse is not prepared.
  const body = v.safeParse(
    prepareAndSendUserOperationBody,
    readJsonBody(
      v.custom<JsonValue>(() => true),
      request.body,
    ),
  );
  const wanted = body.success
    ? { prepare: prepareRequestOf(body.output, account), calls: body.output.calls, permission: null }
    : null;
  const sign: OwnerSend['sign'] = (rows) => services.enclave.call(operation, rows);
  return await sendAsOwner(request, { account, wanted, sign }, services);
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
  return jsonAnswer(200, bodyOf(await readUserOperation(stored, store)));
}

/** Looks at the chain when there is something to learn from it. */
export async function getUserOperation(request: ProjectRequest, services: Services): Promise<Answer> {
  const { stored } = await findOperationOf(request, services.store);
  return jsonAnswer(200, bodyOf(await refreshUserOperation(stored, services)));
}

async function findOperationOf(
  request: ProjectRequest,
  store: Services['store'],
): Promise<{ readonly account: SmartAccount; readonly stored: StoredUserOperation }> {
  const account = await findSmartAccountOf(request, store);
  const userOpHash = request.parameters['userOpHash'] ?? '';
  if (!HASH.test(userOpHash)) throw new RequestError('INVALID_REQUEST');
  return { account, stored: await readUserOperation({ ...account, userOpHash }, store) };
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
