import { type Look, lookAfterBroadcast } from '../look.ts';
import type { OutboxEntry } from '../outbox-store.ts';
import type { SolanaNode } from './solana-node.ts';
import { readSolanaTransaction } from './wire.ts';

/**
 * Sees after a transaction until it is finalized or its blockhash is too old for it ever to be. The same bytes have the same signature,
 * which the chain takes once.
 * @throws RelayError
 */
export async function followSolanaEntry({ id, raw, state }: OutboxEntry, node: SolanaNode): Promise<Look> {
  const wire = readSolanaTransaction(raw);
  // Asked before the status: what is invalid now cannot land between the two questions.
  const mayLand = wire === null || wire.hasDurableNonce || (await node.isBlockhashValid(wire.blockhash));
  const status = await node.status(id);
  if (status !== null) return { state: status.isFinalized ? 'final' : 'broadcast', refusal: null };
  if (!mayLand) return { state: 'expired', refusal: null };
  return lookAfterBroadcast(await node.broadcast(raw), state);
}
