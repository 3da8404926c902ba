import { isRelayError, RelayError } from '../relay-error.ts';
import type { Bundler, UserOperationReceipt } from './bundler.ts';
import type { PreparedOperation } from './prepare.ts';
import type { UserOperation } from './user-operation.ts';

/** A receipt as CDP shows it. */
export interface ShownReceipt {
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly blockNumber: number;
  readonly gasUsed: string;
  readonly revert?: { readonly data: string; readonly message: string };
}

export interface OperationLook {
  readonly status: 'broadcast' | 'complete' | 'failed';
  readonly receipt: ShownReceipt | null;
}

/**
 * Hands a signed operation to the bundler. It has a nonce of its own, so that a second time changes nothing.
 * @throws RelayError
 */
export async function submitOperation(
  operation: UserOperation,
  userOpHash: string,
  bundler: Bundler,
): Promise<void> {
  const taken = await bundler.send(operation);
  // A bundler of another EntryPoint or chain would sign for something else.
  if (taken.toLowerCase() !== userOpHash.toLowerCase()) throw new RelayError('NODE_ANSWER_REFUSED');
}

/**
 * Asks what became of an operation; one that no bundler may have seen is handed over again.
 * @returns null when there is nothing new
 * @throws RelayError
 */
export async function followOperation(
  { operation, userOpHash }: PreparedOperation,
  status: 'signed' | 'broadcast' | 'dropped',
  bundler: Bundler,
): Promise<OperationLook | null> {
  const receipt = await bundler.receipt(userOpHash);
  if (receipt !== null) return { status: receipt.isSuccess ? 'complete' : 'failed', receipt: shown(receipt) };
  if (status !== 'signed') return null;
  try {
    await submitOperation(operation, userOpHash, bundler);
    return { status: 'broadcast', receipt: null };
  } catch (error) {
    if (isRelayError(error, 'USER_OPERATION_REFUSED', 'NODE_UNREACHABLE')) return null;
    throw error;
  }
}

function shown(receipt: UserOperationReceipt): ShownReceipt {
  const { transactionHash, blockHash, blockNumber, gasUsed, isSuccess, revertData } = receipt;
  const common = { transactionHash, blockHash, blockNumber, gasUsed: `${gasUsed}` };
  return isSuccess
    ? common
    : { ...common, revert: { data: revertData ?? '0x', message: 'execution reverted' } };
}
