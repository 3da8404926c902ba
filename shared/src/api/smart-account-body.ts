import * as v from 'valibot';
import { accountName, policyId } from './account-body.ts';
import { EVM_USER_OPERATION_NETWORKS } from './networks.ts';
import { decimalAmount } from './policy-evm.ts';

const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/));
const hexBytes = v.pipe(v.string(), v.regex(/^0x(?:[0-9a-fA-F]{2})*$/));
const hash = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{64}$/));

/** Body of POST /v2/evm/smart-accounts. The second owner is CDP's Spend Permission Manager, if any. */
export const createSmartAccountBody = v.strictObject({
  owners: v.pipe(v.array(address), v.minLength(1), v.maxLength(2)),
  name: v.optional(accountName),
});

/** Body of PUT /v2/evm/smart-accounts/{address}. */
export const updateSmartAccountBody = v.strictObject({ name: v.optional(accountName) });

/** CDP's EvmSmartAccount. */
export const smartAccountBody = v.strictObject({
  address,
  owners: v.array(address),
  name: v.optional(accountName),
  policies: v.array(policyId),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  updatedAt: v.pipe(v.string(), v.isoTimestamp()),
});

const call = v.strictObject({
  to: address,
  value: decimalAmount,
  data: hexBytes,
  overrideGasLimit: v.optional(v.pipe(decimalAmount, v.maxLength(16))),
});

/** An ERC-7677 paymaster. */
export const paymasterUrl = v.optional(
  v.pipe(v.string(), v.maxLength(2048), v.description('Of a host that the operator allows.')),
);
/** The same, and what it is told. */
const paymaster = {
  paymasterUrl,
  paymasterContext: v.optional(v.looseObject({})),
};

export const PAYMASTER_MISSING = 'paymasterContext requires a paymaster: set paymasterUrl.';

/** Body of POST .../user-operations/prepare-and-send. */
export const prepareAndSendUserOperationBody = v.strictObject({
  network: v.picklist(EVM_USER_OPERATION_NETWORKS),
  calls: v.pipe(v.array(call), v.minLength(1), v.maxLength(100)),
  ...paymaster,
});

/** Body of POST .../user-operations. */
export const prepareUserOperationBody = v.strictObject({
  ...prepareAndSendUserOperationBody.entries,
  dataSuffix: v.optional(v.pipe(v.string(), v.regex(/^0x(?:[0-9a-fA-F]{2})+$/))),
});

/** Body of POST .../user-operations/{userOpHash}/send. */
export const sendUserOperationBody = v.strictObject({
  signature: v.pipe(
    v.string(),
    v.regex(/^0x[0-9a-fA-F]{128}1[bBcC]$/),
    v.description('65 bytes: r, s and v (27 or 28), over the hash itself.'),
  ),
});

/** CDP's EvmUserOperation. */
export const userOperationBody = v.strictObject({
  network: v.picklist(EVM_USER_OPERATION_NETWORKS),
  userOpHash: hash,
  calls: v.array(call),
  status: v.picklist(['pending', 'signed', 'broadcast', 'complete', 'dropped', 'failed']),
  transactionHash: v.optional(hash),
  receipts: v.optional(
    v.array(
      v.strictObject({
        transactionHash: hash,
        blockHash: hash,
        blockNumber: v.pipe(v.number(), v.integer()),
        gasUsed: v.string(),
        revert: v.optional(v.strictObject({ data: hexBytes, message: v.string() })),
      }),
    ),
  ),
});
