// TRUST BOUNDARY: a client's unsigned transaction. What this file misreads, the enclave refuses.
import type { EvmProposal } from '@strongroom/shared/operations/send-evm-transaction';
import type { TransactionSerializableEIP1559 } from 'viem';
import { parseTransaction } from 'viem/utils';
import { RelayError } from '../relay-error.ts';
import type { EvmNode } from './evm-node.ts';

type Hex = `0x${string}`;

export const NO_PROPOSAL: EvmProposal = {
  nonce: null,
  gasLimit: null,
  maxFeePerGas: null,
  maxPriorityFeePerGas: null,
};

/** An EIP-1559 transaction, and which of its fields are left to the service. */
export interface OpenTransaction {
  readonly fields: TransactionSerializableEIP1559;
  readonly isNonceOpen: boolean;
}

/** Returns null for what is no unsigned EIP-1559 transaction: the enclave has the words for that. */
export function readOpenTransaction(hex: string): OpenTransaction | null {
  try {
    const fields = parseTransaction(hex as Hex);
    if (fields.type !== 'eip1559') return null;
    return { fields: fields as TransactionSerializableEIP1559, isNonceOpen: (fields.nonce ?? 0) === 0 };
  } catch {
    return null;
  }
}

/** A plain transfer needs exactly this; an estimate of anything else gets a margin, as state may move before it is mined. */
const TRANSFER_GAS = 21_000;
const GAS_MARGIN = 1.2;
/** Base fee may rise by an eighth per block: twice is good for six full blocks. */
const BASE_FEE_FACTOR = 2;

/**
 * Proposes gas limit and fees where they are open; the nonce is left null.
 * @throws RelayError
 */
export async function proposeGasAndFees(
  { fields }: OpenTransaction,
  from: string,
  node: EvmNode,
): Promise<EvmProposal> {
  const [gasLimit, fees] = await Promise.all([
    fields.gas ? null : proposeGas(fields, from as Hex, node),
    proposeFees(fields, node),
  ]);
  return { nonce: null, gasLimit, ...fees };
}

async function proposeGas(
  { to, value, data, accessList }: TransactionSerializableEIP1559,
  from: Hex,
  node: EvmNode,
): Promise<number> {
  const estimate = await node.estimateGas({ from, to: to ?? undefined, value, data, accessList });
  return estimate === TRANSFER_GAS ? estimate : Math.ceil(estimate * GAS_MARGIN);
}

async function proposeFees(
  { maxFeePerGas, maxPriorityFeePerGas }: TransactionSerializableEIP1559,
  node: EvmNode,
): Promise<Pick<EvmProposal, 'maxFeePerGas' | 'maxPriorityFeePerGas'>> {
  if (maxFeePerGas && maxPriorityFeePerGas) return { maxFeePerGas: null, maxPriorityFeePerGas: null };
  const { baseFee, priorityFee } = await node.fees();
  if (maxFeePerGas) {
    return { maxFeePerGas: null, maxPriorityFeePerGas: Math.min(priorityFee, small(maxFeePerGas)) };
  }
  const tip = maxPriorityFeePerGas ? small(maxPriorityFeePerGas) : priorityFee;
  return {
    maxFeePerGas: baseFee * BASE_FEE_FACTOR + tip,
    maxPriorityFeePerGas: maxPriorityFeePerGas ? null : tip,
  };
}

function small(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RelayError('TRANSACTION_REFUSED');
  return Number(value);
}
