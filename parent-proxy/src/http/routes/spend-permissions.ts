import { describeSpendPermission } from '@strongroom/chain-relay/smart-account/spend-permission';
import type { EvmNetwork } from '@strongroom/shared/api/networks';
import {
  createSpendPermissionBody,
  revokeSpendPermissionBody,
  type SpendPermission,
  spendPermissionOf,
} from '@strongroom/shared/api/spend-permission-body';
import { createSpendPermission as createOperation } from '@strongroom/shared/operations/create-spend-permission';
import { revokeSpendPermission as revokeOperation } from '@strongroom/shared/operations/revoke-spend-permission';
import * as v from 'valibot';
import { RequestError } from '../../request-error.ts';
import type { SmartAccount, StoredSpendPermission } from '../../store/smart-account-store.ts';
import { jsonAnswer, readJsonBody } from '../json.ts';
import { encodeCursor, pageOf } from '../page.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import { type OwnerSend, sendAsOwner } from '../sent-user-operation.ts';
import type { Services } from '../services.ts';
import { paymasterOf, refreshUserOperation } from '../user-operation.ts';
import { findSmartAccountOf } from './smart-accounts.ts';

type Hex = `0x${string}`;

/** Has the account approve a permission by a user operation of its own. */
export async function createSpendPermission(request: ProjectRequest, services: Services): Promise<Answer> {
  const account = await findSmartAccountOf(request, services.store);
  // The enclave validates the body; what it would refuse is not prepared.
  const body = v.safeParse(createSpendPermissionBody, readJsonBody(v.unknown(), request.body));
  const permission = body.success ? spendPermissionOf(account.address, body.output) : null;
  const wanted = body.success ? wantedOf('approve', { account, permission, ...body.output }) : null;
  const sign: OwnerSend['sign'] = (rows) => services.enclave.call(createOperation, rows);
  return await sendAsOwner(request, { account, wanted, sign }, services);
}

/** Has the account revoke a permission that it was asked to approve here: only of those it is known what their hash is of. */
export async function revokeSpendPermission(request: ProjectRequest, services: Services): Promise<Answer> {
  const { store, enclave } = services;
  const account = await findSmartAccountOf(request, store);
  const body = readJsonBody(revokeSpendPermissionBody, request.body);
  const permission = await store.findSpendPermission({ ...account, ...body, hash: body.permissionHash });
  if (permission === null)
    throw new RequestError('NOT_FOUND', { clientMessage: 'Spend permission not found.' });
  const wanted = wantedOf('revoke', { account, permission, ...body });
  const presented = Buffer.from(JSON.stringify(permission));
  const sign: OwnerSend['sign'] = (rows) => enclave.call(revokeOperation, { ...rows, permission: presented });
  return await sendAsOwner(request, { account, wanted, sign }, services);
}

interface PermissionRequest {
  readonly account: SmartAccount;
  readonly permission: SpendPermission | null;
  readonly network: EvmNetwork;
  readonly paymasterUrl?: string | undefined;
}

function wantedOf(
  kind: 'approve' | 'revoke',
  { account, permission, network, paymasterUrl }: PermissionRequest,
): OwnerSend['wanted'] {
  const described = permission === null ? null : describeSpendPermission(kind, permission, network);
  if (described === null || permission === null) return null;
  const { call, hash } = described;
  return {
    prepare: {
      network,
      sender: account.address as Hex,
      owners: account.owners as Hex[],
      calls: [call],
      dataSuffix: null,
      paymaster: paymasterOf({ paymasterUrl }),
    },
    calls: [{ to: call.to, value: '0', data: call.data }],
    permission: kind === 'approve' ? { kind, hash, permission } : { kind, hash },
  };
}

const MAX_OPEN_LOOKED_AT = 20;

/** Shows those that are approved on the chain, as far as their operations are known of here. */
export async function listSpendPermissions(request: ProjectRequest, services: Services): Promise<Answer> {
  const { store } = services;
  const account = await findSmartAccountOf(request, store);
  const open = await store.findOpenPermissionOperations(account, MAX_OPEN_LOOKED_AT);
  await Promise.all(open.map((operation) => refreshUserOperation(operation, services)));
  const { projectId, address } = account;
  const { rows, next } = await store.listSpendPermissions({ projectId, address, ...pageOf(request.query) });
  return jsonAnswer(200, {
    spendPermissions: rows.map(shown),
    ...(next !== null && { nextPageToken: encodeCursor(next) }),
  });
}

function shown({ hash, network, permission, createdAtMs, revokedAtMs }: StoredSpendPermission) {
  return {
    permission,
    permissionHash: hash,
    revoked: revokedAtMs !== null,
    ...(revokedAtMs !== null && { revokedAt: new Date(revokedAtMs).toISOString() }),
    createdAt: new Date(createdAtMs).toISOString(),
    network,
  };
}
