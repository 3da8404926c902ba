import { base58 } from '@scure/base';

const SYSTEM_PROGRAM = new Uint8Array(32);
const RECENT_BLOCKHASHES = base58.decode('SysvarRecentB1ockHashes11111111111111111111');
const TRANSFER = Buffer.from('02000000e803000000000000', 'hex');
const ADVANCE_NONCE = Buffer.from('04000000', 'hex');

/**
 * A legacy transaction, written byte by byte: 1000 lamports of `from`, with an empty slot for each signer.
 * @param blockhash 32 bytes
 */
export function solanaTransfer(
  from: string,
  blockhash: Uint8Array,
  {
    hasDurableNonce = false,
    to = Buffer.alloc(32, 0x55),
    cosigner,
  }: { hasDurableNonce?: boolean; to?: Uint8Array; cosigner?: Uint8Array } = {},
): Uint8Array {
  const nonceAccount = Buffer.alloc(32, 0x66);
  const signers = cosigner === undefined ? [base58.decode(from)] : [base58.decode(from), cosigner];
  const writable = hasDurableNonce ? [...signers, to, nonceAccount] : [...signers, to];
  const readonly = hasDurableNonce ? [RECENT_BLOCKHASHES, SYSTEM_PROGRAM] : [SYSTEM_PROGRAM];
  const keys = [...writable, ...readonly];
  const program = keys.length - 1;
  const transfer = instruction(program, [0, signers.length], TRANSFER);
  const instructions = hasDurableNonce
    ? [instruction(program, [2, 3, 0], ADVANCE_NONCE), transfer]
    : [transfer];
  const message = [
    Uint8Array.of(signers.length, 0, readonly.length, keys.length),
    ...keys,
    blockhash,
    Uint8Array.of(instructions.length),
    ...instructions,
  ];
  return Buffer.concat([Uint8Array.of(signers.length), new Uint8Array(64 * signers.length), ...message]);
}

function instruction(program: number, accounts: readonly number[], data: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(program, accounts.length, ...accounts, data.length), data]);
}
