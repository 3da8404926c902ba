import type { EvmNetwork } from '@strongroom/shared/api/networks';
import type { EvmProposal } from '@strongroom/shared/operations/send-evm-transaction';
import type { NonceLease } from '../outbox-store.ts';
import { isRelayError, RelayError } from '../relay-error.ts';
import {
  newEntry,
  refuseAuthorized,
  type SendingHands,
  type SendingRelay,
  type SignedSend,
} from '../sending.ts';
import type { EvmNode } from './evm-node.ts';
import { type OpenTransaction, proposeGasAndFees, readOpenTransaction } from './propose.ts';

/** A client's request to send, as far as the relay needs to understand it. */
export interface EvmSendRequest {
  /** Null for a name that is no network. */
  readonly network: EvmNetwork | null;
  /** Unsigned, serialized, in hex. */
  readonly transaction: string;
  /** The sender, lower case. */
  readonly sender: string;
}

/** The enclave refuses it whether a field is open (0 gas) or not (nothing may be filled). */
const REFUSED_PROPOSAL: EvmProposal = { nonce: 0, gasLimit: 0, maxFeePerGas: 0, maxPriorityFeePerGas: 0 };

interface Plan {
  readonly node: EvmNode;
  readonly open: OpenTransaction;
  readonly proposal: EvmProposal;
}

/**
 * Proposes, has signed, has stored, broadcasts. Whatever ends after the transaction is stored, it is brought to the chain; whatever ends
 * before, it never existed.
 * @throws RelayError, and what the hands throw
 */
export async function sendEvm(
  request: EvmSendRequest,
  hands: SendingHands<EvmProposal>,
  relay: SendingRelay,
): Promise<SignedSend> {
  const plan = await planOrFailure(request, relay);
  if (plan instanceof RelayError) return await refuseAuthorized(hands, REFUSED_PROPOSAL, plan);
  const { node, open, proposal } = plan;
  const { network } = node;
  const { sender } = request;

  async function signAndDeliver(complete: EvmProposal, lease: NonceLease | null): Promise<SignedSend> {
    const signed = await hands.sign(complete);
    const common = { network, projectId: hands.projectId, sender, proposal: JSON.stringify(complete) };
    const entry = newEntry(signed.transaction, common, relay.nowMs());
    await hands.keep(entry, lease);
    // Within the lease, so that a nonce that no node takes is free again before the next one is chosen.
    await relay.outbox.deliver(entry);
    return signed;
  }

  if (!open.isNonceOpen) return await signAndDeliver(proposal, null);
  try {
    return await relay.nonces.withNonce(node, sender, ({ nonce, lease }) =>
      signAndDeliver({ ...proposal, nonce }, lease),
    );
  } catch (error) {
    if (!isRelayError(error, 'ACCOUNT_BUSY')) throw error;
    return await refuseAuthorized(hands, REFUSED_PROPOSAL, error);
  }
}

async function planOrFailure(
  { network, transaction, sender }: EvmSendRequest,
  { chains }: SendingRelay,
): Promise<Plan | RelayError> {
  const open = readOpenTransaction(transaction);
  if (open === null || network === null) return new RelayError('TRANSACTION_REFUSED');
  try {
    const node = chains.evm(network);
    return { node, open, proposal: await proposeGasAndFees(open, sender, node) };
  } catch (error) {
    if (isRelayError(error)) return error;
    throw error;
  }
}
