import { EVM_CHAIN_IDS, type EvmNetwork } from '@strongroom/shared/api/networks';
import { concat, recoverAddress } from 'viem/utils';
import type { Chains } from '../chains.ts';
import type { EvmNode } from '../evm/evm-node.ts';
import { toQuantity } from '../evm/quantity.ts';
import { RelayError } from '../relay-error.ts';
import { ENTRY_POINT, encodeCalls, encodeGetNonce, initCodeOf } from './contracts.ts';
import type { Paymaster } from './paymaster.ts';
import { overriddenGas, type RequestedCall } from './proposal.ts';
import { STUB_SIGNATURE, type UserOperation, userOperationHash, wrapSignature } from './user-operation.ts';

type Hex = `0x${string}`;

export interface PrepareRequest {
  readonly network: EvmNetwork;
  readonly sender: Hex;
  readonly owners: readonly Hex[];
  readonly calls: readonly RequestedCall[];
  /** EIP-8021 attribution behind the calldata. */
  readonly dataSuffix: Hex | null;
  readonly paymaster: Paymaster | null;
}

export interface PreparedOperation {
  readonly operation: UserOperation;
  readonly userOpHash: Hex;
}

/** Completes a user operation up to its signature. @throws RelayError */
export async function prepareUserOperation(
  request: PrepareRequest,
  chains: Pick<Chains, 'evm' | 'bundler' | 'paymaster'>,
): Promise<PreparedOperation> {
  const { network, calls } = request;
  const bundler = chains.bundler(network);
  const paymaster = request.paymaster === null ? null : chains.paymaster(request.paymaster, network);
  const draft = await draftOperation(request, chains.evm(network));
  const stub = await paymaster?.stub(draft);
  const { paymasterAndData } = stub ?? draft;
  const gas = await bundler.estimateGas({ ...draft, paymasterAndData });
  const limited: UserOperation = {
    ...draft,
    paymasterAndData,
    callGasLimit: toQuantity(overriddenGas(calls) ?? gas.callGasLimit),
    verificationGasLimit: toQuantity(gas.verificationGasLimit),
    preVerificationGas: toQuantity(gas.preVerificationGas),
  };
  const sponsored = stub?.isFinal === false ? await paymaster?.sponsor(limited) : stub;
  const operation: UserOperation = {
    ...limited,
    paymasterAndData: (sponsored ?? limited).paymasterAndData,
    signature: '0x',
  };
  return { operation, userOpHash: userOperationHash(operation, EVM_CHAIN_IDS[network]) };
}

/** All but gas and paymaster, with a signature of the right length. */
async function draftOperation(
  { sender, owners, calls, dataSuffix }: PrepareRequest,
  node: EvmNode,
): Promise<UserOperation> {
  const [nonce, isDeployed, fees] = await Promise.all([
    node.call({ to: ENTRY_POINT, data: encodeGetNonce(sender) }),
    node.hasCode(sender),
    node.fees(),
  ]);
  if (nonce.length !== 66) throw new RelayError('NODE_ANSWER_REFUSED');
  const callData = encodeCalls(calls);
  return {
    sender,
    nonce: toQuantity(BigInt(nonce)),
    initCode: isDeployed ? '0x' : initCodeOf(owners),
    callData: dataSuffix === null ? callData : concat([callData, dataSuffix]),
    callGasLimit: '0x0',
    verificationGasLimit: '0x0',
    preVerificationGas: '0x0',
    maxFeePerGas: toQuantity(fees.baseFee * 2 + fees.priorityFee),
    maxPriorityFeePerGas: toQuantity(fees.priorityFee),
    paymasterAndData: '0x',
    signature: STUB_SIGNATURE,
  };
}

/**
 * Puts an owner's signature into an operation.
 * @param signature 65 bytes r || s || v, v 27 or 28, over the operation's hash itself
 * @throws RelayError INVALID_SIGNATURE unless one of the owners made it
 */
export async function signOperation(
  { operation, userOpHash }: PreparedOperation,
  signature: Hex,
  owners: readonly Hex[],
): Promise<UserOperation> {
  const signer = await recoverAddress({ hash: userOpHash, signature }).catch(() => null);
  const ownerIndex = signer === null ? -1 : owners.indexOf(signer);
  if (ownerIndex === -1) throw new RelayError('INVALID_SIGNATURE');
  return { ...operation, signature: wrapSignature(ownerIndex, signature) };
}
