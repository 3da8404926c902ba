// Coinbase's SpendPermissionManager (github.com/coinbase/spend-permissions), at one address on every chain.

import { concatBytes } from '@noble/hashes/utils.js';
import type { SpendPermission } from '@strongroom/shared/api/spend-permission-body';
import { abiAddress, abiBytes, abiTuple, abiUint, encodeAbi } from './abi-encode.ts';
import { parseAddress } from './address.ts';
import { EvmError } from './evm-error.ts';
import { parseHex, toHex } from './hex.ts';
import { type SmartWalletCall, selectorOf } from './smart-wallet.ts';
import { hashTypedData, parseTypedData } from './typed-data.ts';

export const SPEND_PERMISSION_MANAGER = parseHex('0xf85210B21cC50302F477BA56686d2019dC9b67Ad');

const TYPE = [
  { name: 'account', type: 'address' },
  { name: 'spender', type: 'address' },
  { name: 'token', type: 'address' },
  { name: 'allowance', type: 'uint160' },
  { name: 'period', type: 'uint48' },
  { name: 'start', type: 'uint48' },
  { name: 'end', type: 'uint48' },
  { name: 'salt', type: 'uint256' },
  { name: 'extraData', type: 'bytes' },
];
const STRUCT = `(${TYPE.map(({ type }) => type).join(',')})`;
const SELECTORS = { approve: selectorOf(`approve(${STRUCT})`), revoke: selectorOf(`revoke(${STRUCT})`) };

/**
 * The manager's own hash of a permission (EIP-712), 32 bytes.
 * @throws EvmError INVALID_TYPED_DATA when an amount or a time is out of range
 */
export function spendPermissionHash(permission: SpendPermission, chainId: number): Uint8Array {
  return hashTypedData(
    parseTypedData({
      domain: {
        name: 'Spend Permission Manager',
        version: '1',
        chainId,
        verifyingContract: toHex(SPEND_PERMISSION_MANAGER),
      },
      types: { SpendPermission: TYPE },
      primaryType: 'SpendPermission',
      message: permission,
    }),
  );
}

/**
 * The account's call of the manager.
 * @throws EvmError INVALID_TYPED_DATA for what the manager itself would refuse
 */
export function spendPermissionCall(
  name: 'approve' | 'revoke',
  permission: SpendPermission,
  chainId: number,
): SmartWalletCall {
  const { account, spender, token, extraData } = permission;
  const [allowance, period, start, end, salt] = (
    ['allowance', 'period', 'start', 'end', 'salt'] as const
  ).map((field) => BigInt(permission[field])) as [bigint, bigint, bigint, bigint, bigint];
  const isSpendable = allowance > 0n && period > 0n && start < end && !isZero(spender) && !isZero(token);
  if (!isSpendable) throw new EvmError('INVALID_TYPED_DATA');
  // Hashing reads every field as its type, and so bounds it.
  spendPermissionHash(permission, chainId);
  const struct = abiTuple([
    ...[account, spender, token].map((each) => abiAddress(parseAddress(each))),
    ...[allowance, period, start, end, salt].map(abiUint),
    abiBytes(parseHex(extraData)),
  ]);
  return { to: SPEND_PERMISSION_MANAGER, value: 0n, data: concatBytes(SELECTORS[name], encodeAbi([struct])) };
}

function isZero(address: string): boolean {
  return /^0x0{40}$/.test(address);
}
