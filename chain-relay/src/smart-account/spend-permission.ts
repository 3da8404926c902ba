import { EVM_CHAIN_IDS, type EvmNetwork } from '@strongroom/shared/api/networks';
import type { SpendPermission } from '@strongroom/shared/api/spend-permission-body';
import { encodeFunctionData, hashTypedData } from 'viem/utils';
import { checksumAddress } from '../evm/checksum.ts';
import type { RequestedCall } from './proposal.ts';

type Hex = `0x${string}`;

/** Coinbase's SpendPermissionManager (github.com/coinbase/spend-permissions): the other owner of accounts that grant permissions. */
export const SPEND_PERMISSION_MANAGER: Hex = '0xf85210B21cC50302F477BA56686d2019dC9b67Ad';

const components = [
  { name: 'account', type: 'address' },
  { name: 'spender', type: 'address' },
  { name: 'token', type: 'address' },
  { name: 'allowance', type: 'uint160' },
  { name: 'period', type: 'uint48' },
  { name: 'start', type: 'uint48' },
  { name: 'end', type: 'uint48' },
  { name: 'salt', type: 'uint256' },
  { name: 'extraData', type: 'bytes' },
] as const;
const inputs = [{ name: 'spendPermission', type: 'tuple', components }] as const;
const abi = [
  { type: 'function', name: 'approve', inputs, outputs: [{ type: 'bool' }], stateMutability: 'nonpayable' },
  { type: 'function', name: 'revoke', inputs, outputs: [], stateMutability: 'nonpayable' },
] as const;

/** A permission's call of the manager and its hash there; null for one that the ABI has no room for. */
export function describeSpendPermission(
  name: 'approve' | 'revoke',
  permission: SpendPermission,
  network: EvmNetwork,
): { readonly call: RequestedCall; readonly hash: Hex } | null {
  try {
    const values = valuesOf(permission);
    const data = encodeFunctionData({ abi, functionName: name, args: [values] });
    const hash = hashTypedData({
      domain: {
        name: 'Spend Permission Manager',
        version: '1',
        chainId: EVM_CHAIN_IDS[network],
        verifyingContract: SPEND_PERMISSION_MANAGER,
      },
      types: { SpendPermission: components },
      primaryType: 'SpendPermission',
      message: values,
    });
    return { call: { to: SPEND_PERMISSION_MANAGER, value: 0n, data, overrideGasLimit: null }, hash };
  } catch {
    return null;
  }
}

function valuesOf(permission: SpendPermission) {
  return {
    account: checksumAddress(permission.account),
    spender: checksumAddress(permission.spender),
    token: checksumAddress(permission.token),
    allowance: BigInt(permission.allowance),
    period: Number(permission.period),
    start: Number(permission.start),
    end: Number(permission.end),
    salt: BigInt(permission.salt),
    extraData: permission.extraData as Hex,
  };
}
