import type { EvmNetwork } from '@strongroom/shared/api/networks';
import { EVM_CHAIN_IDS } from '@strongroom/shared/api/networks';
import * as v from 'valibot';
import { createEndpoints } from '../endpoints.ts';
import { bytesText, hashText, quantity, smallQuantity } from '../evm/quantity.ts';
import { NodeRefusal } from '../json-rpc.ts';
import { RelayError } from '../relay-error.ts';
import { ENTRY_POINT } from './contracts.ts';
import type { UserOperation } from './user-operation.ts';

export interface GasEstimate {
  readonly callGasLimit: bigint;
  readonly verificationGasLimit: bigint;
  readonly preVerificationGas: bigint;
}

/** What became of a user operation that was mined. */
export interface UserOperationReceipt {
  readonly isSuccess: boolean;
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
  /** ABI-encoded, if it failed and said why. */
  readonly revertData: string | null;
}

/** An ERC-4337 bundler (ERC-7769). Every call throws RelayError and nothing else. */
export interface Bundler {
  /** @throws RelayError USER_OPERATION_REFUSED when the simulation fails */
  estimateGas(operation: UserOperation): Promise<GasEstimate>;
  /** Resolves to the operation's hash. @throws RelayError USER_OPERATION_REFUSED */
  send(operation: UserOperation): Promise<string>;
  receipt(userOpHash: string): Promise<UserOperationReceipt | null>;
}

const estimateSchema = v.looseObject({
  callGasLimit: quantity,
  verificationGasLimit: quantity,
  preVerificationGas: quantity,
});
const receiptSchema = v.nullable(
  v.looseObject({
    success: v.boolean(),
    actualGasUsed: quantity,
    reason: v.nullish(bytesText),
    receipt: v.looseObject({ transactionHash: hashText, blockHash: hashText, blockNumber: smallQuantity }),
  }),
);

export function createBundler(network: EvmNetwork, urls: readonly string[]): Bundler {
  const endpoints = createEndpoints(urls, async (rpc) => {
    if ((await rpc.call('eth_chainId', [], smallQuantity)) !== EVM_CHAIN_IDS[network])
      throw new RelayError('WRONG_CHAIN');
  });

  async function ask<S extends v.GenericSchema>(method: string, params: readonly unknown[], result: S) {
    try {
      return await endpoints.call(method, params, result);
    } catch (error) {
      if (error instanceof NodeRefusal) throw new RelayError('USER_OPERATION_REFUSED', { cause: error });
      throw error;
    }
  }

  return {
    estimateGas: (operation) => ask('eth_estimateUserOperationGas', [operation, ENTRY_POINT], estimateSchema),
    send: (operation) => ask('eth_sendUserOperation', [operation, ENTRY_POINT], hashText),
    async receipt(userOpHash) {
      const found = await ask('eth_getUserOperationReceipt', [userOpHash], receiptSchema);
      if (found === null) return null;
      const { success, actualGasUsed, reason, receipt } = found;
      const { transactionHash, blockHash, blockNumber } = receipt;
      return {
        isSuccess: success,
        transactionHash,
        blockHash,
        blockNumber,
        gasUsed: actualGasUsed,
        revertData: success ? null : (reason ?? null),
      };
    },
  };
}
