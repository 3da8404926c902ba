// TRUST BOUNDARY: owners and proposal of a user operation, from the relay.

import { concatBytes } from '@noble/hashes/utils.js';
import type { EvmNetwork } from '@strongroom/shared/api/networks';
import { PAYMASTER_MISSING } from '@strongroom/shared/api/smart-account-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { UserOperationProposal } from '@strongroom/shared/operations/user-operation-fields';
import { parseAddress } from '../evm/address.ts';
import { parseHex } from '../evm/hex.ts';
import {
  encodeSmartWalletCalls,
  type SmartWalletCall,
  smartWalletAddress,
  smartWalletInitCode,
} from '../evm/smart-wallet.ts';
import { prefundedGas, type UserOperation } from '../evm/user-operation.ts';
import type { RequestUnit } from '../policy/request-unit.ts';
import { assertFeeWithinCap } from './complete-evm-transaction.ts';

/** A call as the API has it. */
interface CallBody {
  readonly to: string;
  readonly value: string;
  readonly data: string;
  readonly overrideGasLimit?: string | undefined;
}

/** A call that is decoded, with the client's own gas limit for it. */
export interface LimitedCall extends SmartWalletCall {
  readonly gasLimit: bigint | null;
}

/** What of a user operation the client says, as far as the enclave knows it. */
export interface UserOperationIntent {
  readonly calls: readonly LimitedCall[];
  readonly network: EvmNetwork;
  /** EIP-8021 attribution behind the calldata; the account does not read it. */
  readonly dataSuffix: Uint8Array;
  readonly hasPaymaster: boolean;
}

/** A body that prepares, with or without sending. */
interface PrepareBody {
  readonly network: EvmNetwork;
  readonly calls: readonly CallBody[];
  readonly dataSuffix?: string | undefined;
  readonly paymasterUrl?: string | undefined;
  readonly paymasterContext?: object | undefined;
}

/** @throws OperationError INVALID_REQUEST when a value exceeds 256 bits, or a context has no paymaster */
export function readPrepareBody(body: PrepareBody): UserOperationIntent {
  const { network, calls, dataSuffix = '0x', paymasterUrl, paymasterContext } = body;
  const hasPaymaster = paymasterUrl !== undefined;
  if (paymasterContext !== undefined && !hasPaymaster)
    throw new OperationError('INVALID_REQUEST', { clientMessage: PAYMASTER_MISSING });
  return { network, calls: readCalls(calls), dataSuffix: parseHex(dataSuffix), hasPaymaster };
}

function readCalls(calls: readonly CallBody[]): readonly LimitedCall[] {
  return calls.map(({ to, value, data, overrideGasLimit }) => {
    const wei = BigInt(value);
    if (wei >= 2n ** 256n) throw new OperationError('INVALID_REQUEST');
    return {
      to: parseAddress(to),
      value: wei,
      data: parseHex(data),
      gasLimit: overrideGasLimit === undefined ? null : BigInt(overrideGasLimit),
    };
  });
}

/** A user operation that is signed was prepared too: what rules say of either holds for every call of it. */
export function unitsOf({ calls, network }: Pick<UserOperationIntent, 'calls' | 'network'>): RequestUnit[] {
  return calls.flatMap((call): RequestUnit[] => [
    { operation: 'prepareUserOperation', call, network },
    { operation: 'sendUserOperation', call, network },
  ]);
}

/** A smart account: its address follows from its owners, 20 bytes each; one that delegated (EIP-7702) is its own first owner. */
export interface OwnedAccount {
  readonly sender: Uint8Array;
  readonly owners: readonly Uint8Array[];
}

/**
 * Makes the whole operation: deployment and calldata from owners and calls, the rest from the proposal.
 * @throws OperationError RECORD_MISMATCH when the sender is not the account of the owners, PROPOSAL_REFUSED when the proposal sets a gas limit that the client set, leaves one open, or brings a paymaster that
 * the client did not ask for; FEE_CAP_EXCEEDED
 */
export function completeUserOperation(
  { calls, dataSuffix, hasPaymaster }: UserOperationIntent,
  { sender, owners }: OwnedAccount,
  { proposal, maxFeeWei }: { readonly proposal: UserOperationProposal; readonly maxFeeWei: string },
): UserOperation {
  const { isDeployed, paymasterAndData } = proposal;
  assertOwned({ sender, owners }, isDeployed);
  if ((paymasterAndData !== null) !== hasPaymaster) throw new OperationError('PROPOSAL_REFUSED');
  const operation: UserOperation = {
    sender,
    nonce: BigInt(proposal.nonce),
    initCode: isDeployed ? new Uint8Array(0) : smartWalletInitCode(owners),
    callData: concatBytes(encodeSmartWalletCalls(calls), dataSuffix),
    callGasLimit: callGasLimitOf(calls, proposal.callGasLimit),
    verificationGasLimit: BigInt(proposal.verificationGasLimit),
    preVerificationGas: BigInt(proposal.preVerificationGas),
    maxFeePerGas: BigInt(proposal.maxFeePerGas),
    maxPriorityFeePerGas: BigInt(proposal.maxPriorityFeePerGas),
    paymasterAndData: paymasterAndData ?? new Uint8Array(0),
  };
  if (operation.maxPriorityFeePerGas > operation.maxFeePerGas) throw new OperationError('PROPOSAL_REFUSED');
  const { maxFeePerGas } = operation;
  assertFeeWithinCap({ gasLimit: prefundedGas(operation), maxFeePerGas }, maxFeeWei);
  return operation;
}

/** @throws OperationError RECORD_MISMATCH; PROPOSAL_REFUSED for a delegated account that is not there */
function assertOwned({ sender, owners }: OwnedAccount, isDeployed: boolean): void {
  if (Buffer.compare(sender, smartWalletAddress(owners)) === 0) return;
  const [first] = owners;
  if (first === undefined || Buffer.compare(sender, first) !== 0) throw new OperationError('RECORD_MISMATCH');
  if (!isDeployed) throw new OperationError('PROPOSAL_REFUSED');
}

/** The sum of the calls' own limits if every call has one: otherwise a part of the estimate would be missing. */
function callGasLimitOf(calls: readonly LimitedCall[], proposed: number | null): bigint {
  let sum: bigint | null = 0n;
  for (const { gasLimit } of calls) sum = sum === null || gasLimit === null ? null : sum + gasLimit;
  if ((sum === null) !== (proposed !== null)) throw new OperationError('PROPOSAL_REFUSED');
  return sum ?? BigInt(proposed ?? 0);
}
