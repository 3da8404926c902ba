// TRUST BOUNDARY: what the relay proposes for fields that the client left open.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { EvmProposal } from '@strongroom/shared/operations/send-evm-transaction';
import { EvmError } from '../evm/evm-error.ts';
import type { Eip1559Transaction, UnsignedTransaction } from '../evm/unsigned-transaction.ts';

export interface Completion {
  /** Of the network that the client signed; the id in the transaction is ignored, as CDP has it. */
  readonly chainId: number;
  readonly untrustedProposal: EvmProposal;
}

/**
 * Fills nonce, gas limit and fees where the client left 0, which RLP cannot tell from leaving it out. Nothing else comes from the
 * proposal: recipient, value, data and access list stay what the client signed.
 * @throws EvmError MALFORMED_TRANSACTION unless EIP-1559 with a nonce below 2^53
 * @throws OperationError PROPOSAL_REFUSED when the proposal touches a field that the client set, leaves one open, or contradicts one
 */
export function completeTransaction(
  request: UnsignedTransaction,
  { chainId, untrustedProposal }: Completion,
): Eip1559Transaction {
  if (request.type !== 'eip1559' || request.nonce > BigInt(Number.MAX_SAFE_INTEGER))
    throw new EvmError('MALFORMED_TRANSACTION');
  const { nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = untrustedProposal;
  const completed: Eip1559Transaction = {
    ...request,
    chainId: BigInt(chainId),
    nonce: fill(request.nonce, nonce),
    gasLimit: fill(request.gasLimit, gasLimit),
    maxFeePerGas: fill(request.maxFeePerGas, maxFeePerGas),
    maxPriorityFeePerGas: fill(request.maxPriorityFeePerGas, maxPriorityFeePerGas),
  };
  if (completed.gasLimit === 0n || completed.maxPriorityFeePerGas > completed.maxFeePerGas)
    throw new OperationError('PROPOSAL_REFUSED');
  return completed;
}

function fill(given: bigint, proposed: number | null): bigint {
  if ((given === 0n) !== (proposed !== null)) throw new OperationError('PROPOSAL_REFUSED');
  return proposed === null ? given : BigInt(proposed);
}

/**
 * What the sender pays at most beside the value. The fee that some rollups take for data on their parent chain is outside of the transaction.
 * @throws OperationError FEE_CAP_EXCEEDED
 */
export function assertFeeWithinCap(
  { gasLimit, maxFeePerGas }: Pick<Eip1559Transaction, 'gasLimit' | 'maxFeePerGas'>,
  maxFeeWei: string,
): void {
  if (gasLimit * maxFeePerGas > BigInt(maxFeeWei)) throw new OperationError('FEE_CAP_EXCEEDED');
}
