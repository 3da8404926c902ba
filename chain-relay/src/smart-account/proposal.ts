import type { UserOperationProposal } from '@strongroom/shared/operations/user-operation-fields';
import { size, slice } from 'viem/utils';
import { RelayError } from '../relay-error.ts';
import { encodeCalls, type SmartCall } from './contracts.ts';
import type { UserOperation } from './user-operation.ts';

type Hex = `0x${string}`;

/** A call with what the client wants to be its gas. */
export interface RequestedCall extends SmartCall {
  readonly overrideGasLimit: bigint | null;
}

/** What of an operation follows neither from owners nor from calls: the enclave makes the same operation of it. @throws RelayError NODE_ANSWER_REFUSED */
export function proposalOf(operation: UserOperation, calls: readonly RequestedCall[]): UserOperationProposal {
  return {
    nonce: small(operation.nonce),
    isDeployed: operation.initCode === '0x',
    callGasLimit: overriddenGas(calls) === null ? small(operation.callGasLimit) : null,
    verificationGasLimit: small(operation.verificationGasLimit),
    preVerificationGas: small(operation.preVerificationGas),
    maxFeePerGas: small(operation.maxFeePerGas),
    maxPriorityFeePerGas: small(operation.maxPriorityFeePerGas),
    paymasterAndData:
      operation.paymasterAndData === '0x' ? null : Buffer.from(operation.paymasterAndData.slice(2), 'hex'),
  };
}

/** The attribution behind an operation's calldata. */
export function dataSuffixOf({ callData }: UserOperation, calls: readonly SmartCall[]): Hex {
  const bare = size(encodeCalls(calls));
  return size(callData) > bare ? slice(callData, bare) : '0x';
}

/** Counts only when every call has one: otherwise a part of the estimate would be missing. */
export function overriddenGas(calls: readonly RequestedCall[]): bigint | null {
  let sum = 0n;
  for (const { overrideGasLimit } of calls) {
    if (overrideGasLimit === null) return null;
    sum += overrideGasLimit;
  }
  return sum;
}

/** Numbers cross to the enclave as 53 bits: no gas and no fee of sense is larger. */
function small(quantity: Hex): number {
  const value = BigInt(quantity);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RelayError('NODE_ANSWER_REFUSED');
  return Number(value);
}
