// TRUST BOUNDARY: Solana messages, from the client through the hostile parent.
import { ByteReader } from './byte-reader.ts';
import { SolanaError } from './solana-error.ts';

/** IPv6's minimum MTU less headers: no validator takes a larger transaction (PACKET_DATA_SIZE). */
export const MAX_TRANSACTION_BYTES = 1232;
export const PUBLIC_KEY_BYTES = 32;
const MAX_ACCOUNTS = 256;

export interface SolanaInstruction {
  /** Index into the static account keys. 0 is the fee payer, which no runtime takes for a program; Coinbase's own tests sign such messages. */
  readonly programIdIndex: number;
  /** One byte per account: an index into the static keys, then into those that lookup tables load. */
  readonly accountIndexes: Uint8Array;
  readonly data: Uint8Array;
}

export interface AddressTableLookup {
  /** 32 bytes. */
  readonly tableAddress: Uint8Array;
  readonly writableIndexes: Uint8Array;
  readonly readonlyIndexes: Uint8Array;
}

/** What signers sign, decoded. Byte fields are views of the input. */
export interface SolanaMessage {
  readonly version: 'legacy' | 0;
  /** The first so many static keys must sign. */
  readonly requiredSignatureCount: number;
  readonly readonlySignedCount: number;
  readonly readonlyUnsignedCount: number;
  /** 32 bytes each; the first pays the fee. */
  readonly staticAccountKeys: readonly Uint8Array[];
  /** 32 bytes. */
  readonly recentBlockhash: Uint8Array;
  /** Where the blockhash stands in the message's bytes. */
  readonly blockhashOffset: number;
  readonly instructions: readonly SolanaInstruction[];
  readonly addressTableLookups: readonly AddressTableLookup[];
}

const malformed = () => new SolanaError('MALFORMED_TRANSACTION');

/**
 * Decodes a message of the legacy or the v0 format.
 * @throws MALFORMED_TRANSACTION when the runtime would refuse it (bounds, compact-u16, header, indexes, as `sanitize` of
 * solana-message, but for the fee payer as program), a key occurs twice, bytes trail, or it fits into no transaction
 */
export function decodeSolanaMessage(bytes: Uint8Array): SolanaMessage {
  const reader = new ByteReader(bytes, malformed);
  const message = readMessage(reader);
  const distinct = new Set(message.staticAccountKeys.map((key) => Buffer.from(key).toString('latin1')));
  const wireLength = 1 + 64 * message.requiredSignatureCount + bytes.length;
  if (
    reader.remaining !== 0 ||
    distinct.size !== message.staticAccountKeys.length ||
    wireLength > MAX_TRANSACTION_BYTES
  ) {
    throw malformed();
  }
  return message;
}

/**
 * Whether a signature over these bytes could be used as a transaction's: they are a message of the legacy or v0 format,
 * even with bytes behind it, or start like a version that does not exist yet. Off-chain messages in Solana's own format
 * (first byte ff) are not.
 */
export function isTransactionMessage(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  // 81 to bf cannot start a UTF-8 text, so that nobody's message is refused for it.
  if (first > 0x80) return first < 0xc0;
  if (bytes.length > MAX_TRANSACTION_BYTES) return false;
  try {
    readMessage(new ByteReader(bytes, malformed));
    return true;
  } catch (error) {
    if (error instanceof SolanaError) return false;
    throw error;
  }
}

function readMessage(reader: ByteReader): SolanaMessage {
  const version = readVersion(reader);
  const requiredSignatureCount = reader.byte();
  const readonlySignedCount = reader.byte();
  const readonlyUnsignedCount = reader.byte();
  const staticAccountKeys = readList(reader, () => reader.take(PUBLIC_KEY_BYTES));
  const blockhashOffset = reader.position;
  const recentBlockhash = reader.take(32);
  const instructions = readList(reader, () => readInstruction(reader));
  const addressTableLookups = version === 0 ? readList(reader, () => readLookup(reader)) : [];
  const message: SolanaMessage = {
    version,
    requiredSignatureCount,
    readonlySignedCount,
    readonlyUnsignedCount,
    staticAccountKeys,
    recentBlockhash,
    blockhashOffset,
    instructions,
    addressTableLookups,
  };
  assertSane(message);
  return message;
}

function readVersion(reader: ByteReader): 'legacy' | 0 {
  if ((reader.peek() ?? 0) < 0x80) return 'legacy';
  if (reader.byte() !== 0x80) throw malformed();
  return 0;
}

function readList<T>(reader: ByteReader, readItem: () => T): T[] {
  const items: T[] = [];
  for (let count = reader.compactU16(); count > 0; count -= 1) items.push(readItem());
  return items;
}

function readInstruction(reader: ByteReader): SolanaInstruction {
  const programIdIndex = reader.byte();
  const accountIndexes = reader.take(reader.compactU16());
  return { programIdIndex, accountIndexes, data: reader.take(reader.compactU16()) };
}

function readLookup(reader: ByteReader): AddressTableLookup {
  const tableAddress = reader.take(PUBLIC_KEY_BYTES);
  const writableIndexes = reader.take(reader.compactU16());
  const readonlyIndexes = reader.take(reader.compactU16());
  if (writableIndexes.length + readonlyIndexes.length === 0) throw malformed();
  return { tableAddress, writableIndexes, readonlyIndexes };
}

/** A writable fee payer, no overlap of the read-only areas, and every index in range. */
function assertSane(message: SolanaMessage): void {
  const { requiredSignatureCount, readonlySignedCount, readonlyUnsignedCount } = message;
  const staticCount = message.staticAccountKeys.length;
  const accountCount = message.addressTableLookups.reduce(
    (sum, { writableIndexes, readonlyIndexes }) => sum + writableIndexes.length + readonlyIndexes.length,
    staticCount,
  );
  const isSane =
    readonlySignedCount < requiredSignatureCount &&
    requiredSignatureCount + readonlyUnsignedCount <= staticCount &&
    accountCount <= MAX_ACCOUNTS &&
    message.instructions.every(
      ({ programIdIndex, accountIndexes }) =>
        programIdIndex < staticCount && accountIndexes.every((index) => index < accountCount),
    );
  if (!isSane) throw malformed();
}
