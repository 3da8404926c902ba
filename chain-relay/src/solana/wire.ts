// TRUST BOUNDARY: a client's transaction. What this file misreads, the enclave refuses.
import { base58 } from '@scure/base';

/** What the relay has to know of a transaction; the enclave has its own, stricter reading. */
export interface SolanaWire {
  /** Base58, the fee payer first. */
  readonly signers: readonly string[];
  readonly blockhash: string;
  readonly isBlockhashOpen: boolean;
  readonly hasDurableNonce: boolean;
}

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const ZERO = '1'.repeat(32);
/** What CDP's examples put where a blockhash will be. */
const PLACEHOLDER = 'SysvarRecentB1ockHashes11111111111111111111';

/** Returns null for what is no legacy or v0 transaction. */
export function readSolanaTransaction(bytes: Uint8Array): SolanaWire | null {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function read(bytes: Uint8Array): SolanaWire {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('transaction too short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const byte = () => take(1)[0] as number;
  /** Solana's compact-u16; counts that need a third byte fit into no packet. */
  const count = () => {
    const low = byte();
    return low < 0x80 ? low : (low & 0x7f) | (byte() << 7);
  };

  const readData = () => {
    take(count());
    return take(count());
  };

  take(count() * SIGNATURE_BYTES);
  let signerCount = byte();
  if (signerCount === 0x80) signerCount = byte();
  take(2);
  const keys = Array.from({ length: count() }, () => base58.encode(take(KEY_BYTES)));
  const blockhash = base58.encode(take(KEY_BYTES));
  if (signerCount > keys.length) throw new RangeError('more signers than keys');
  const hasDurableNonce = count() > 0 && isAdvanceNonce(keys[byte()], readData());
  const isPlaceholder = blockhash === ZERO || blockhash === PLACEHOLDER;
  return {
    signers: keys.slice(0, signerCount),
    blockhash,
    isBlockhashOpen: isPlaceholder && !hasDurableNonce,
    hasDurableNonce,
  };
}

/** SystemInstruction::AdvanceNonceAccount, u32 little-endian; the system program's address is all zeros. */
function isAdvanceNonce(program: string | undefined, data: Uint8Array): boolean {
  return program === ZERO && Buffer.compare(data.subarray(0, 4), Uint8Array.of(4, 0, 0, 0)) === 0;
}
