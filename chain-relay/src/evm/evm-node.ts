import { EVM_CHAIN_IDS, type EvmNetwork } from '@strongroom/shared/api/networks';
import * as v from 'valibot';
import { createEndpoints, type Endpoints } from '../endpoints.ts';
import { NodeRefusal } from '../json-rpc.ts';
import { RelayError } from '../relay-error.ts';
import { classifyRefusal } from './node-refusal.ts';
import { bytesText, hashText, quantity, smallQuantity, toQuantity, wordText } from './quantity.ts';

type Hex = `0x${string}`;

/** A call to simulate. */
export interface EvmCall {
  readonly from?: Hex | undefined;
  readonly to?: Hex | undefined;
  readonly value?: bigint | undefined;
  readonly data?: Hex | undefined;
  readonly accessList?: readonly unknown[] | undefined;
}

/** Where a mined transaction is. */
export interface EvmReceipt {
  readonly isSuccess: boolean;
  readonly blockNumber: number;
  readonly blockHash: string;
}

/**
 * What became of a broadcast. `unclear`: a node may have it or not.
 */
export type BroadcastOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'refused'; readonly error: RelayError };

/** The nodes of one network. Every call throws RelayError and nothing else. */
export interface EvmNode {
  readonly network: EvmNetwork;
  /** Nonces used up to a block. */
  transactionCount(address: string, block: 'latest' | 'pending' | number): Promise<number>;
  /** @throws RelayError EXECUTION_REVERTED, INSUFFICIENT_FUNDS, TRANSACTION_REFUSED */
  estimateGas(call: EvmCall): Promise<number>;
  call(call: EvmCall): Promise<Hex>;
  balance(address: string): Promise<bigint>;
  /** What is deployed at the address; "0x" for nothing. */
  code(address: string): Promise<Hex>;
  /** A word of an account's storage. */
  storageAt(address: string, slot: Hex): Promise<Hex>;
  /** Whether there is code at the address. */
  hasCode(address: string): Promise<boolean>;
  /** Wei per gas. */
  fees(): Promise<{ readonly baseFee: number; readonly priorityFee: number }>;
  blockNumber(): Promise<number>;
  receipt(hash: string): Promise<EvmReceipt | null>;
  broadcast(raw: Uint8Array): Promise<BroadcastOutcome>;
}

/** For nodes without eth_maxPriorityFeePerGas: 1 gwei. */
const DEFAULT_PRIORITY_FEE = 1_000_000_000;
const receiptSchema = v.nullable(
  v.looseObject({ status: quantity, blockNumber: smallQuantity, blockHash: hashText }),
);
const blockSchema = v.looseObject({ baseFeePerGas: v.optional(smallQuantity, '0x0') });

/** @param urls endpoints in the order in which they are tried */
export function createEvmNode(network: EvmNetwork, urls: readonly string[]): EvmNode {
  const endpoints = createEndpoints(urls, async (rpc) => {
    if ((await rpc.call('eth_chainId', [], smallQuantity)) !== EVM_CHAIN_IDS[network])
      throw new RelayError('WRONG_CHAIN');
  });

  async function ask<S extends v.GenericSchema>(method: string, params: readonly unknown[], result: S) {
    return await translated(endpoints.call(method, params, result));
  }

  return {
    network,
    transactionCount: (address, block) =>
      ask(
        'eth_getTransactionCount',
        [address, typeof block === 'number' ? toQuantity(block) : block],
        smallQuantity,
      ),
    estimateGas: (call) => ask('eth_estimateGas', [callObject(call)], smallQuantity),
    call: (call) => ask('eth_call', [callObject(call), 'latest'], bytesText),
    code: (address) => ask('eth_getCode', [address, 'latest'], bytesText),
    storageAt: (address, slot) => ask('eth_getStorageAt', [address, slot, 'latest'], wordText),
    hasCode: async (address) => (await ask('eth_getCode', [address, 'latest'], bytesText)) !== '0x',
    balance: (address) => ask('eth_getBalance', [address, 'latest'], quantity),
    async fees() {
      const { baseFeePerGas } = await ask('eth_getBlockByNumber', ['latest', false], blockSchema);
      const priorityFee = await ask('eth_maxPriorityFeePerGas', [], smallQuantity).catch((error) => {
        if (error.code === 'NODE_UNREACHABLE') throw error;
        return DEFAULT_PRIORITY_FEE;
      });
      return { baseFee: baseFeePerGas, priorityFee };
    },
    blockNumber: () => ask('eth_blockNumber', [], smallQuantity),
    async receipt(hash) {
      const receipt = await ask('eth_getTransactionReceipt', [hash], receiptSchema);
      if (receipt === null) return null;
      const { status, blockNumber, blockHash } = receipt;
      return { isSuccess: status === 1n, blockNumber, blockHash };
    },
    broadcast: (raw) => broadcast(endpoints, raw),
  };
}

/** An endpoint that fails may have taken the transaction; what the next one says against it then proves nothing. */
async function broadcast(endpoints: Endpoints, raw: Uint8Array): Promise<BroadcastOutcome> {
  const params = [`0x${Buffer.from(raw).toString('hex')}`];
  let isInDoubt = false;
  try {
    await endpoints.each(async (rpc) => {
      try {
        await rpc.call('eth_sendRawTransaction', params, hashText);
      } catch (error) {
        const kind = error instanceof NodeRefusal ? classifyRefusal(error) : 'NODE_UNREACHABLE';
        if (kind === 'ALREADY_KNOWN') return;
        isInDoubt ||= !(error instanceof NodeRefusal);
        throw kind === 'NODE_UNREACHABLE' ? new RelayError(kind, { cause: error }) : error;
      }
    });
    return { kind: 'accepted' };
  } catch (cause) {
    if (isInDoubt || !(cause instanceof NodeRefusal)) return { kind: 'unclear' };
    const kind = classifyRefusal(cause);
    if (kind === 'ALREADY_KNOWN') return { kind: 'accepted' };
    return { kind: 'refused', error: new RelayError(kind, { cause }) };
  }
}

async function translated<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof NodeRefusal)) throw error;
    const kind = classifyRefusal(error);
    throw new RelayError(kind === 'ALREADY_KNOWN' ? 'TRANSACTION_REFUSED' : kind, { cause: error });
  }
}

function callObject({ from, to, value, data, accessList }: EvmCall): object {
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(value !== undefined && { value: toQuantity(value) }),
    ...(data !== undefined && { data }),
    ...(accessList !== undefined && accessList.length > 0 && { accessList }),
  };
}
