// TRUST BOUNDARY: the permission that the parent presents for a hash.
import { EVM_CHAIN_IDS, type EvmNetwork } from '@strongroom/shared/api/networks';
import {
  createSpendPermissionBody,
  revokeSpendPermissionBody,
  type SpendPermission,
  spendPermissionBody,
  spendPermissionOf,
} from '@strongroom/shared/api/spend-permission-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { createSpendPermission } from '@strongroom/shared/operations/create-spend-permission';
import type { ParsedRequestOf } from '@strongroom/shared/operations/operation';
import type { revokeSpendPermission } from '@strongroom/shared/operations/revoke-spend-permission';
import { checksumAddress } from '../evm/address.ts';
import { toHex } from '../evm/hex.ts';
import { spendPermissionCall, spendPermissionHash } from '../evm/spend-permission.ts';
import type { ReadyService } from '../ready-service.ts';
import { parseBody } from './parse-body.ts';
import { readPresentedJson } from './presented-json.ts';
import { type ReadBody, type SentUserOperation, sendAsOwner } from './send-as-owner.ts';

/** The permission is the signed body's, for the account in the path. */
export function handleCreateSpendPermission(
  request: ParsedRequestOf<typeof createSpendPermission>,
  service: ReadyService,
): Promise<SentUserOperation> {
  return sendAsOwner('create-spend-permission', request, {
    service,
    read: (body, account) => {
      const parsed = parseBody(createSpendPermissionBody, body);
      return managerCall('approve', spendPermissionOf(account, parsed), parsed);
    },
  });
}

/** The signed body names the permission by its hash; the parent shows which one that is, and cannot show another. */
export function handleRevokeSpendPermission(
  { permission: untrustedPermission, ...request }: ParsedRequestOf<typeof revokeSpendPermission>,
  service: ReadyService,
): Promise<SentUserOperation> {
  return sendAsOwner('revoke-spend-permission', request, {
    service,
    read: (body, account) => {
      const parsed = parseBody(revokeSpendPermissionBody, body);
      const permission = parseBody(spendPermissionBody, readPresentedJson(untrustedPermission));
      const hash = toHex(spendPermissionHash(permission, EVM_CHAIN_IDS[parsed.network]));
      const isNamed = hash === parsed.permissionHash.toLowerCase() && permission.account === account;
      if (!isNamed) throw new OperationError('PROPOSAL_REFUSED');
      return managerCall('revoke', permission, parsed);
    },
  });
}

interface ManagerRequest {
  readonly network: EvmNetwork;
  readonly paymasterUrl?: string | undefined;
}

function managerCall(
  name: 'approve' | 'revoke',
  permission: SpendPermission,
  { network, paymasterUrl }: ManagerRequest,
): ReadBody {
  const call = { ...spendPermissionCall(name, permission, EVM_CHAIN_IDS[network]), gasLimit: null };
  const hasPaymaster = paymasterUrl !== undefined;
  return {
    intent: { calls: [call], network, dataSuffix: new Uint8Array(0), hasPaymaster },
    shownCalls: [{ to: checksumAddress(call.to), value: '0', data: toHex(call.data) }],
  };
}
