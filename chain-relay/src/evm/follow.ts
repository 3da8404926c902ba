import { type Look, lookAfterBroadcast } from '../look.ts';
import type { OutboxEntry } from '../outbox-store.ts';
import type { EvmNode } from './evm-node.ts';

/** Deep enough that a reorganisation does not undo it. */
const CONFIRMATIONS = 12;

/**
 * Sees after a transaction that may or may not be on its way: mined, overtaken, or to be broadcast again. Sending the same bytes twice
 * is harmless, so in doubt they are sent.
 * @throws RelayError
 */
export async function followEvmEntry(
  { id, sender, nonce, raw, state }: OutboxEntry,
  node: EvmNode,
): Promise<Look> {
  const receipt = await node.receipt(id);
  if (receipt !== null) {
    const depth = (await node.blockNumber()) - receipt.blockNumber;
    return { state: depth >= CONFIRMATIONS ? 'final' : 'broadcast', refusal: null };
  }
  if (nonce !== null && (await node.transactionCount(sender, 'latest')) > nonce) {
    // Ours, of which this node knows no receipt yet, or another one with the nonce; which will show when it is deep enough.
    const settledBlock = Math.max(0, (await node.blockNumber()) - CONFIRMATIONS);
    const isSettled = (await node.transactionCount(sender, settledBlock)) > nonce;
    const isOvertaken = isSettled && (await node.receipt(id)) === null;
    return { state: isOvertaken ? 'replaced' : state, refusal: null };
  }
  return lookAfterBroadcast(await node.broadcast(raw), state);
}
