import * as v from 'valibot';
import { SPEND_PERMISSION_NETWORKS } from './networks.ts';
import { decimalAmount } from './policy-evm.ts';
import { paymasterUrl } from './smart-account-body.ts';

const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/));
const hash = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{64}$/));
const hexBytes = v.pipe(v.string(), v.regex(/^0x(?:[0-9a-fA-F]{2})*$/), v.maxLength(20_000));
const network = v.picklist(SPEND_PERMISSION_NETWORKS);

/** What a permission says, beside whose it is; times in Unix seconds. */
const terms = {
  spender: address,
  token: address,
  allowance: decimalAmount,
  period: decimalAmount,
  start: decimalAmount,
  end: decimalAmount,
};

/** Body of POST .../spend-permissions. */
export const createSpendPermissionBody = v.strictObject({
  network,
  ...terms,
  salt: v.optional(decimalAmount),
  extraData: v.optional(hexBytes),
  paymasterUrl,
});

/** Body of POST .../spend-permissions/revoke. */
export const revokeSpendPermissionBody = v.strictObject({ network, permissionHash: hash, paymasterUrl });

/** CDP's SpendPermission. */
export const spendPermissionBody = v.strictObject({
  account: address,
  ...terms,
  salt: decimalAmount,
  extraData: hexBytes,
});

/** CDP's SpendPermissionResponseObject. */
export const listedSpendPermissionBody = v.strictObject({
  permission: spendPermissionBody,
  permissionHash: hash,
  revoked: v.boolean(),
  revokedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  network,
});

export type SpendPermission = v.InferOutput<typeof spendPermissionBody>;
export type CreateSpendPermission = v.InferOutput<typeof createSpendPermissionBody>;

/** The permission that a body asks for; what it leaves out is zero and empty. */
export function spendPermissionOf(
  account: string,
  { spender, token, allowance, period, start, end, salt = '0', extraData = '0x' }: CreateSpendPermission,
): SpendPermission {
  return { account, spender, token, allowance, period, start, end, salt, extraData };
}
