// TRUST BOUNDARY: instructions of Solana transactions, from the client through the hostile parent.
import { type ArgumentValue, decodeArguments, recogniseInstruction } from './instruction-layout.ts';
import { type KnownProgram, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './known-programs.ts';
import type { SolanaInstruction, SolanaMessage } from './message.ts';
import { SolanaError } from './solana-error.ts';

/** What an instruction moves. A null key is one that an address lookup table holds, or none that the instruction names. */
export interface Transfer {
  /** Lamports, or base units of a token. */
  readonly amount: bigint;
  /** 32 bytes: the account credited; for tokens the token account, not its owner. */
  readonly recipient: Uint8Array | null;
  /** 32 bytes; null also for the token program's unchecked transfer, which does not name its mint. */
  readonly mint: Uint8Array | null;
}

export interface Transfers {
  readonly transfers: readonly Transfer[];
  /** Some instruction of the program could not be read, so that there may be more transfers. */
  readonly isIncomplete: boolean;
}

interface MovingInstruction {
  readonly amount: string;
  /** Positions in the instruction's account list. */
  readonly recipient: number;
  readonly mint?: number;
}

/** Every System instruction that takes lamports from an account. */
const NATIVE_MOVES: ReadonlyMap<string, MovingInstruction> = new Map([
  ['transfer', { amount: 'lamports', recipient: 1 }],
  ['create_account', { amount: 'lamports', recipient: 1 }],
  ['create_account_with_seed', { amount: 'lamports', recipient: 1 }],
  ['withdraw_nonce_account', { amount: 'lamports', recipient: 1 }],
  ['transfer_with_seed', { amount: 'lamports', recipient: 2 }],
]);

const TOKEN_MOVES: ReadonlyMap<string, MovingInstruction> = new Map([
  ['transfer', { amount: 'amount', recipient: 1 }],
  ['transfer_checked', { amount: 'amount', recipient: 2, mint: 1 }],
  ['transfer_checked_with_fee', { amount: 'amount', recipient: 2, mint: 1 }],
]);

/** The static key at an instruction's account position; null when a lookup table holds it or there is none. */
export function accountKey(
  message: SolanaMessage,
  instruction: SolanaInstruction,
  position: number,
): Uint8Array | null {
  const index = instruction.accountIndexes[position];
  return index === undefined ? null : (message.staticAccountKeys[index] ?? null);
}

export function programKey(message: SolanaMessage, instruction: SolanaInstruction): Uint8Array {
  const key = message.staticAccountKeys[instruction.programIdIndex];
  // A decoded message has every program among its static keys.
  if (key === undefined) throw new SolanaError('MALFORMED_TRANSACTION');
  return key;
}

/** Lamports that the System program moves by top-level instructions. */
export function nativeTransfers(message: SolanaMessage): Transfers {
  return collectTransfers(message, [SYSTEM_PROGRAM], NATIVE_MOVES);
}

/** Tokens that transfer instructions of the two token programs move. */
export function tokenTransfers(message: SolanaMessage): Transfers {
  return collectTransfers(message, [TOKEN_PROGRAM, TOKEN_2022_PROGRAM], TOKEN_MOVES);
}

function collectTransfers(
  message: SolanaMessage,
  programs: readonly KnownProgram[],
  moves: ReadonlyMap<string, MovingInstruction>,
): Transfers {
  const transfers: Transfer[] = [];
  let isIncomplete = false;
  for (const instruction of message.instructions) {
    const key = programKey(message, instruction);
    const program = programs.find(({ address }) => Buffer.compare(address, key) === 0);
    if (program === undefined) continue;
    const decoded = decodeOrNull(program, instruction);
    if (decoded === null) {
      isIncomplete = true;
      continue;
    }
    const move = moves.get(decoded.name);
    if (move === undefined) continue;
    transfers.push({
      amount: integerArgument(decoded.values.get(move.amount)),
      recipient: accountKey(message, instruction, move.recipient),
      mint: move.mint === undefined ? null : accountKey(message, instruction, move.mint),
    });
  }
  return { transfers, isIncomplete };
}

function decodeOrNull({ layouts }: KnownProgram, { data }: SolanaInstruction) {
  const recognised = recogniseInstruction(layouts, data);
  if (recognised === null) return null;
  try {
    return { name: recognised.layout.name, values: decodeArguments(recognised) };
  } catch (error) {
    if (error instanceof SolanaError) return null;
    throw error;
  }
}

function integerArgument(value: ArgumentValue | undefined): bigint {
  if (value?.kind !== 'integer') throw new SolanaError('INVALID_INSTRUCTION_DATA');
  return value.value;
}
