// TRUST BOUNDARY: serialized Solana transactions, from the client through the hostile parent.
import { ByteReader } from './byte-reader.ts';
import { decodeSolanaMessage, MAX_TRANSACTION_BYTES, type SolanaMessage } from './message.ts';
import { SolanaError } from './solana-error.ts';

export const SIGNATURE_BYTES = 64;

/** A transaction with one slot per required signature. */
export interface WireTransaction {
  /** 64 bytes each, as many as the message requires; zeros where nobody has signed. */
  readonly signatures: readonly Uint8Array[];
  /** Exactly what is signed: never re-encoded. */
  readonly messageBytes: Uint8Array;
  readonly message: SolanaMessage;
}

/**
 * Decodes a legacy or v0 transaction: compact-u16 count, signatures of 64 bytes, message.
 * A client may leave the signatures out altogether (count 0); then every slot is empty.
 * @throws MALFORMED_TRANSACTION when the message is, the count is neither 0 nor what the message requires, or bytes trail
 */
export function decodeWireTransaction(bytes: Uint8Array): WireTransaction {
  if (bytes.length > MAX_TRANSACTION_BYTES) throw new SolanaError('MALFORMED_TRANSACTION');
  const reader = new ByteReader(bytes, () => new SolanaError('MALFORMED_TRANSACTION'));
  const given = Array.from({ length: reader.compactU16() }, () => reader.take(SIGNATURE_BYTES));
  const messageBytes = reader.take(reader.remaining);
  const message = decodeSolanaMessage(messageBytes);
  const count = message.requiredSignatureCount;
  if (given.length !== 0 && given.length !== count) throw new SolanaError('MALFORMED_TRANSACTION');
  return { signatures: given.length === 0 ? emptySlots(count) : given, messageBytes, message };
}

/**
 * Finds the slot of a 32-byte public key among the required signers; null when its signature is not required.
 */
export function signerIndex({ message }: WireTransaction, publicKey: Uint8Array): number | null {
  const signers = message.staticAccountKeys.slice(0, message.requiredSignatureCount);
  const index = signers.findIndex((key) => Buffer.compare(key, publicKey) === 0);
  return index === -1 ? null : index;
}

/**
 * Puts a 64-byte signature into its signer's slot; other slots and the message stay as they are.
 * @throws NOT_A_REQUIRED_SIGNER when the message does not require this key's signature
 */
export function placeSignature(
  transaction: WireTransaction,
  publicKey: Uint8Array,
  signature: Uint8Array,
): WireTransaction {
  const index = signerIndex(transaction, publicKey);
  if (index === null || signature.length !== SIGNATURE_BYTES) throw new SolanaError('NOT_A_REQUIRED_SIGNER');
  return { ...transaction, signatures: transaction.signatures.with(index, signature) };
}

/** Serializes with all slots, signed or not. */
export function encodeWireTransaction({ signatures, messageBytes }: WireTransaction): Uint8Array {
  // A message that fits into a packet requires fewer than 128 signatures, so that the count is one byte.
  return Uint8Array.from(Buffer.concat([Uint8Array.of(signatures.length), ...signatures, messageBytes]));
}

/**
 * Replaces the 32-byte recent blockhash in a copy; signatures over the old message are dropped.
 * @throws MALFORMED_TRANSACTION for another length
 */
export function withRecentBlockhash(transaction: WireTransaction, blockhash: Uint8Array): WireTransaction {
  if (blockhash.length !== 32) throw new SolanaError('MALFORMED_TRANSACTION');
  const messageBytes = Uint8Array.from(transaction.messageBytes);
  messageBytes.set(blockhash, transaction.message.blockhashOffset);
  const message = decodeSolanaMessage(messageBytes);
  return { signatures: emptySlots(message.requiredSignatureCount), messageBytes, message };
}

function emptySlots(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(SIGNATURE_BYTES));
}
