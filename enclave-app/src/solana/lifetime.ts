import { parseSolanaAddress } from './address.ts';
import type { SolanaMessage } from './message.ts';

const SYSTEM_PROGRAM = new Uint8Array(32);
/** What CDP's examples put where a blockhash will be. */
const PLACEHOLDER = parseSolanaAddress('SysvarRecentB1ockHashes11111111111111111111');
/** SystemInstruction::AdvanceNonceAccount, u32 little-endian. */
const ADVANCE_NONCE = Uint8Array.of(4, 0, 0, 0);

/** Whether the client left the blockhash to the service. The lifetime of a durable nonce is a value that only the client can know. */
export function isBlockhashOpen(message: SolanaMessage): boolean {
  const { recentBlockhash } = message;
  const isPlaceholder = recentBlockhash.every((byte) => byte === 0) || isSame(recentBlockhash, PLACEHOLDER);
  return isPlaceholder && !hasDurableNonce(message);
}

/** A transaction whose first instruction advances a nonce account lives by that account's value (solana-sdk, `get_durable_nonce`). */
function hasDurableNonce({ instructions, staticAccountKeys }: SolanaMessage): boolean {
  const [first] = instructions;
  const program = first === undefined ? undefined : staticAccountKeys[first.programIdIndex];
  return (
    first !== undefined &&
    program !== undefined &&
    isSame(program, SYSTEM_PROGRAM) &&
    isSame(first.data.subarray(0, 4), ADVANCE_NONCE)
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
