// User operations as a parent of the laboratory asks for them, and viem's word on what their hashes are of.
import {
  encodeCalls,
  initCodeOf,
  smartAccountAddress,
} from '@strongroom/chain-relay/smart-account/contracts';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import type { UserOperationProposal } from '@strongroom/shared/operations/user-operation-fields';
import type { Address, Hex } from 'viem';
import { entryPoint06Address, getUserOperationHash } from 'viem/account-abstraction';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';
import { addLabPolicy, type LabPolicy } from './lab-policy.ts';

export const LAB_PROPOSAL: UserOperationProposal = {
  nonce: 3,
  isDeployed: true,
  callGasLimit: 100_000,
  verificationGasLimit: 200_000,
  preVerificationGas: 50_000,
  maxFeePerGas: 2e9,
  maxPriorityFeePerGas: 1e9,
  paymasterAndData: null,
};
/** Of the proposal, in wei. */
export const LAB_FEE = 350_000n * 2_000_000_000n;

export interface LabCall {
  readonly to: Address;
  readonly value: bigint;
  readonly data: Hex;
}

/** A smart account of accounts of the laboratory. */
export interface LabSmartAccount {
  readonly address: Address;
  readonly owners: readonly Address[];
}

export function smartAccountOf(...owners: readonly LabAccount[]): LabSmartAccount {
  const addresses = owners.map(({ address }) => address as Address);
  return { address: smartAccountAddress(addresses), owners: addresses };
}

export const ownersOf = ({ owners }: LabSmartAccount) =>
  owners.map((owner) => Buffer.from(owner.slice(2), 'hex'));

export const callsBody = (calls: readonly LabCall[]) =>
  calls.map(({ to, value, data }) => ({ to, value: `${value}`, data }));

export const callTo = (address: Address, value = 1n): LabCall => ({ to: address, value, data: '0x' });

/** Rules that let user operations call one address. */
export const callsOnly = (address: Address) => [
  {
    action: 'accept',
    operation: 'sendUserOperation',
    criteria: [{ type: 'evmAddress', operator: 'in', addresses: [address] }],
  },
];

/** A smart account, its owner, and the owner's policy. */
export interface LabWallet {
  readonly project: LabProject;
  readonly policy: LabPolicy;
  readonly owner: LabAccount;
  readonly wallet: LabSmartAccount;
}

/** A wallet that may call `allowed` alone, in a project that pays for the proposal above and not a wei more. */
export async function createLabWallet(enclave: LabEnclave, allowed: Address): Promise<LabWallet> {
  const fresh = await createLabProject(enclave, { maxFeeWei: `${LAB_FEE}` });
  const policy = await addLabPolicy(enclave, fresh, { scope: 'account', rules: callsOnly(allowed) });
  const { project } = policy;
  const owner = await createLabAccount(enclave, project, { accountPolicy: policy.id });
  return { project, policy, owner, wallet: smartAccountOf(owner) };
}

/** A client's signed request for an operation. */
export function userOperationRequest(
  project: LabProject,
  { address }: LabSmartAccount,
  { calls, network = 'base-sepolia', ...others }: { calls: readonly LabCall[]; network?: string },
): ClientRequest {
  const path = `/v2/evm/smart-accounts/${address}/user-operations/prepare-and-send`;
  return signedRequest(project, { path, body: { network, calls: callsBody(calls), ...others } });
}

/** What the EntryPoint hashes these to. */
export function hashOfOperation(
  { address, owners }: LabSmartAccount,
  calls: readonly LabCall[],
  { proposal = LAB_PROPOSAL, chainId = 84_532 }: { proposal?: UserOperationProposal; chainId?: number } = {},
): Hex {
  return getUserOperationHash({
    chainId,
    entryPointAddress: entryPoint06Address,
    entryPointVersion: '0.6',
    userOperation: {
      sender: address,
      nonce: BigInt(proposal.nonce),
      initCode: proposal.isDeployed ? '0x' : initCodeOf(owners),
      callData: encodeCalls(calls),
      callGasLimit: BigInt(proposal.callGasLimit ?? 0),
      verificationGasLimit: BigInt(proposal.verificationGasLimit),
      preVerificationGas: BigInt(proposal.preVerificationGas),
      maxFeePerGas: BigInt(proposal.maxFeePerGas),
      maxPriorityFeePerGas: BigInt(proposal.maxPriorityFeePerGas),
      paymasterAndData: '0x',
      signature: '0x',
    },
  });
}
