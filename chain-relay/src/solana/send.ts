import type { SolanaNetwork } from '@strongroom/shared/api/networks';
import { isRelayError, RelayError } from '../relay-error.ts';
import {
  newEntry,
  refuseAuthorized,
  type SendingHands,
  type SendingRelay,
  type SignedSend,
} from '../sending.ts';
import type { SolanaWire } from './wire.ts';

export interface SolanaProposal {
  /** 32 bytes; null where the client chose one. */
  readonly blockhash: Uint8Array | null;
}

export interface SolanaSendRequest {
  /** Null for a name that is no network. */
  readonly network: SolanaNetwork | null;
  /** Null for what is no transaction. */
  readonly wire: SolanaWire | null;
}

/**
 * Proposes a blockhash where the client left it open, has signed, has stored, broadcasts.
 * @throws RelayError, and what the hands throw
 */
export async function sendSolana(
  { network, wire }: SolanaSendRequest,
  hands: SendingHands<SolanaProposal>,
  relay: SendingRelay,
): Promise<SignedSend> {
  const isOpen = wire?.isBlockhashOpen === true;
  const proposal = await proposeOrFailure(network, isOpen, relay);
  if (proposal instanceof RelayError || network === null) {
    const failure = proposal instanceof RelayError ? proposal : new RelayError('TRANSACTION_REFUSED');
    return await refuseAuthorized(hands, { blockhash: isOpen ? null : new Uint8Array(32) }, failure);
  }
  const signed = await hands.sign(proposal);
  const entry = newEntry(
    signed.transaction,
    {
      network,
      projectId: hands.projectId,
      sender: wire?.signers[0] ?? '',
      proposal: JSON.stringify(encodeProposal(proposal)),
    },
    relay.nowMs(),
  );
  await hands.keep(entry, null);
  await relay.outbox.deliver(entry);
  return signed;
}

async function proposeOrFailure(
  network: SolanaNetwork | null,
  isOpen: boolean,
  { chains }: SendingRelay,
): Promise<SolanaProposal | RelayError> {
  if (network === null) return new RelayError('TRANSACTION_REFUSED');
  try {
    const node = chains.solana(network);
    return { blockhash: isOpen ? await node.latestBlockhash() : null };
  } catch (error) {
    if (isRelayError(error)) return error;
    throw error;
  }
}

function encodeProposal({ blockhash }: SolanaProposal): { blockhash: string | null } {
  return { blockhash: blockhash === null ? null : Buffer.from(blockhash).toString('hex') };
}

/** Reads what the outbox keeps of a proposal. */
export function decodeProposal(text: string): SolanaProposal {
  const { blockhash } = JSON.parse(text) as { blockhash: string | null };
  return { blockhash: blockhash === null ? null : Buffer.from(blockhash, 'hex') };
}
