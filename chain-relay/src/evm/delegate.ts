import type { EvmNetwork } from '@strongroom/shared/api/networks';
import type { DelegationProposal } from '@strongroom/shared/operations/delegate-evm-account';
import { encodeFunctionData, parseAbi } from 'viem/utils';
import type { OutboxEntry } from '../outbox-store.ts';
import { isRelayError, RelayError } from '../relay-error.ts';
import {
  newEntry,
  refuseAuthorized,
  type SendingHands,
  type SendingRelay,
  type SignedSend,
} from '../sending.ts';
import { checksumAddress } from './checksum.ts';
import type { EvmNode } from './evm-node.ts';

type Hex = `0x${string}`;

/** Coinbase's EIP-7702 proxy and its nonces (github.com/base/eip-7702-proxy); the enclave has its own copy of the first. */
const DELEGATE = '0x7702cb554e6bfb442cb743a7df23154544a7176c';
const NONCE_TRACKER: Hex = '0xD0Ff13c28679FDd75Bc09c0a430a0089bf8b95a8';
/** ERC-1967: keccak-256("eip1967.proxy.implementation") - 1. */
const IMPLEMENTATION_SLOT: Hex = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';
/** EIP-7702: the code of an account that delegates. */
const DESIGNATOR = '0xef0100';
/** A node cannot estimate an authorization that is not signed yet. What is not used is not paid. */
const GAS_LIMIT = 500_000;
const BASE_FEE_FACTOR = 2;

const abi = parseAbi(['function nonces(address account) view returns (uint256)']);

export interface DelegationRequest {
  /** Null for a name that is no network. */
  readonly network: EvmNetwork | null;
  /** The account, lower case. */
  readonly sender: string;
}

/** The enclave never signs by it: there is no gas. */
const REFUSED_PROPOSAL: DelegationProposal = {
  nonce: 0,
  gasLimit: 0,
  maxFeePerGas: 0,
  maxPriorityFeePerGas: 0,
  trackerNonce: 0,
  currentImplementation: new Uint8Array(20),
};

/**
 * Proposes, has signed, has stored and broadcasts a delegation, as any other transaction of the account.
 * @throws RelayError, and what the hands throw
 */
export async function delegateEvm(
  { network, sender }: DelegationRequest,
  hands: SendingHands<DelegationProposal>,
  relay: SendingRelay,
): Promise<SignedSend> {
  const plan = await planOrFailure(network, sender, relay);
  if (plan instanceof RelayError) return await refuseAuthorized(hands, REFUSED_PROPOSAL, plan);
  const { node, proposal } = plan;
  try {
    return await relay.nonces.withNonce(node, sender, async ({ nonce, lease }) => {
      const complete = { ...proposal, nonce };
      const signed = await hands.sign(complete);
      const common = { network: node.network, projectId: hands.projectId, sender };
      const entry = newEntry(
        signed.transaction,
        { ...common, proposal: encodeDelegation(complete) },
        relay.nowMs(),
      );
      await hands.keep(entry, lease);
      await relay.outbox.deliver(entry);
      return signed;
    });
  } catch (error) {
    if (!isRelayError(error, 'ACCOUNT_BUSY')) throw error;
    return await refuseAuthorized(hands, REFUSED_PROPOSAL, error);
  }
}

async function planOrFailure(
  network: EvmNetwork | null,
  sender: string,
  { chains }: SendingRelay,
): Promise<{ readonly node: EvmNode; readonly proposal: DelegationProposal } | RelayError> {
  if (network === null) return new RelayError('TRANSACTION_REFUSED');
  try {
    const node = chains.evm(network);
    return { node, proposal: await propose(sender as Hex, node) };
  } catch (error) {
    if (isRelayError(error)) return error;
    throw error;
  }
}

async function propose(account: Hex, node: EvmNode): Promise<DelegationProposal> {
  const [code, isServed, fees, implementation] = await Promise.all([
    node.code(account),
    node.hasCode(DELEGATE),
    node.fees(),
    node.storageAt(account, IMPLEMENTATION_SLOT),
  ]);
  if (delegateOf(code)?.toLowerCase() === DELEGATE) throw new RelayError('ALREADY_DELEGATED');
  const data = encodeFunctionData({ abi, functionName: 'nonces', args: [account] });
  const nonces = await node.call({ to: NONCE_TRACKER, data });
  if (!isServed || nonces.length !== 66) throw new RelayError('DELEGATE_MISSING');
  return {
    nonce: 0,
    gasLimit: GAS_LIMIT,
    maxFeePerGas: fees.baseFee * BASE_FEE_FACTOR + fees.priorityFee,
    maxPriorityFeePerGas: fees.priorityFee,
    trackerNonce: Number(BigInt(nonces)),
    currentImplementation: Buffer.from(implementation.slice(2), 'hex').subarray(12),
  };
}

/** Whom an account of this code delegates to, if it does. */
function delegateOf(code: Hex): string | null {
  const isDelegation = code.length === 48 && code.startsWith(DESIGNATOR);
  return isDelegation ? checksumAddress(`0x${code.slice(DESIGNATOR.length)}`) : null;
}

export function encodeDelegation({ currentImplementation, ...numbers }: DelegationProposal): string {
  return JSON.stringify({
    delegation: { ...numbers, currentImplementation: Buffer.from(currentImplementation).toString('hex') },
  });
}

/** Returns null for the proposal of another transaction. */
export function decodeDelegation(proposal: string): DelegationProposal | null {
  type Stored = Omit<DelegationProposal, 'currentImplementation'> & { currentImplementation: string };
  const { delegation } = JSON.parse(proposal) as { delegation?: Stored };
  if (delegation === undefined) return null;
  return { ...delegation, currentImplementation: Buffer.from(delegation.currentImplementation, 'hex') };
}

export interface DelegationLook {
  readonly status: 'PENDING' | 'SUBMITTED' | 'COMPLETED' | 'FAILED';
  /** Whom the account delegates to now; null when it does not. */
  readonly delegate: string | null;
}

/** Asks the chain what became of a delegation. @throws RelayError */
export async function lookAtDelegation(
  { id, sender, state }: OutboxEntry,
  node: EvmNode,
): Promise<DelegationLook> {
  const [receipt, code] = await Promise.all([node.receipt(id), node.code(sender)]);
  const delegate = delegateOf(code);
  if (receipt !== null) return { status: receipt.isSuccess ? 'COMPLETED' : 'FAILED', delegate };
  if (state === 'stored') return { status: 'PENDING', delegate };
  return { status: state === 'broadcast' ? 'SUBMITTED' : 'FAILED', delegate };
}
