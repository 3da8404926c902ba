import { hash } from 'node:crypto';
import { parseSolanaAddress } from './address.ts';
import type { ArgumentType, InstructionLayout } from './instruction-layout.ts';
import { parseArgumentType } from './instruction-layout.ts';

/** A program whose instructions are known without an IDL. */
export interface KnownProgram {
  /** 32 bytes. */
  readonly address: Uint8Array;
  readonly layouts: readonly InstructionLayout[];
}

type Definition = readonly [name: string, discriminator: number, ...args: string[]];

const little32 = (value: number) => Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
const oneByte = (value: number) => Uint8Array.of(value);

/** The first 8 bytes of SHA-256("global:" name). */
export function anchorDiscriminator(name: string): Uint8Array {
  return Uint8Array.from(hash('sha256', `global:${name}`, 'buffer').subarray(0, 8));
}

function defineLayouts(
  definitions: readonly Definition[],
  nativeDiscriminator: (value: number) => Uint8Array,
): InstructionLayout[] {
  return definitions.map(([name, value, ...args]) => ({
    name,
    discriminators: [nativeDiscriminator(value)],
    arguments: args.filter((argument) => argument !== '...').map(defineArgument),
    hasTail: args.at(-1) === '...',
  }));
}

function defineArgument(text: string): { name: string; type: ArgumentType } {
  const [name = '', typeName = ''] = text.split(':');
  const type: ArgumentType | null =
    typeName === 'bincode-string' ? { kind: 'bincode-string' } : parseArgumentType(typeName);
  if (type === null) throw new Error(`unknown argument type ${typeName}`);
  return { name, type };
}

/** solana-system-interface, SystemInstruction: bincode, a 4-byte variant. */
export const SYSTEM_PROGRAM: KnownProgram = {
  address: parseSolanaAddress('11111111111111111111111111111111'),
  layouts: defineLayouts(
    [
      ['create_account', 0, 'lamports:u64', 'space:u64', 'owner:pubkey'],
      ['assign', 1, 'owner:pubkey'],
      ['transfer', 2, 'lamports:u64'],
      [
        'create_account_with_seed',
        3,
        'base:pubkey',
        'seed:bincode-string',
        'lamports:u64',
        'space:u64',
        'owner:pubkey',
      ],
      ['advance_nonce_account', 4],
      ['withdraw_nonce_account', 5, 'lamports:u64'],
      ['initialize_nonce_account', 6, 'authorized:pubkey'],
      ['authorize_nonce_account', 7, 'authorized:pubkey'],
      ['allocate', 8, 'space:u64'],
      ['allocate_with_seed', 9, 'base:pubkey', 'seed:bincode-string', 'space:u64', 'owner:pubkey'],
      ['assign_with_seed', 10, 'base:pubkey', 'seed:bincode-string', 'owner:pubkey'],
      ['transfer_with_seed', 11, 'lamports:u64', 'from_seed:bincode-string', 'from_owner:pubkey'],
      ['upgrade_nonce_account', 12],
    ],
    little32,
  ),
};

/** spl-token-interface, TokenInstruction: a 1-byte variant; "..." stands for optional or variable parts. */
const tokenLayouts = defineLayouts(
  [
    ['initialize_mint', 0, 'decimals:u8', 'mint_authority:pubkey', '...'],
    ['initialize_account', 1],
    ['initialize_multisig', 2, 'm:u8'],
    ['transfer', 3, 'amount:u64'],
    ['approve', 4, 'amount:u64'],
    ['revoke', 5],
    ['set_authority', 6, 'authority_type:u8', '...'],
    ['mint_to', 7, 'amount:u64'],
    ['burn', 8, 'amount:u64'],
    ['close_account', 9],
    ['freeze_account', 10],
    ['thaw_account', 11],
    ['transfer_checked', 12, 'amount:u64', 'decimals:u8'],
    ['approve_checked', 13, 'amount:u64', 'decimals:u8'],
    ['mint_to_checked', 14, 'amount:u64', 'decimals:u8'],
    ['burn_checked', 15, 'amount:u64', 'decimals:u8'],
    ['initialize_account2', 16, 'owner:pubkey'],
    ['sync_native', 17],
    ['initialize_account3', 18, 'owner:pubkey'],
    ['initialize_multisig2', 19, 'm:u8'],
    ['initialize_mint2', 20, 'decimals:u8', 'mint_authority:pubkey', '...'],
    ['get_account_data_size', 21, '...'],
    ['initialize_immutable_owner', 22],
    ['amount_to_ui_amount', 23, 'amount:u64'],
    ['ui_amount_to_amount', 24, '...'],
  ],
  oneByte,
);

export const TOKEN_PROGRAM: KnownProgram = {
  address: parseSolanaAddress('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'),
  layouts: tokenLayouts,
};

/** spl-token-2022: the same instructions, and of its extensions the transfer with a fee. */
export const TOKEN_2022_PROGRAM: KnownProgram = {
  address: parseSolanaAddress('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'),
  layouts: [
    ...tokenLayouts,
    ...defineLayouts([['transfer_checked_with_fee', 1, 'amount:u64', 'decimals:u8', 'fee:u64']], (value) =>
      Uint8Array.of(26, value),
    ),
  ],
};

/** spl-associated-token-account-interface: a 1-byte variant; no data at all means create. */
export const ASSOCIATED_TOKEN_PROGRAM: KnownProgram = {
  address: parseSolanaAddress('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'),
  layouts: [
    { name: 'create', discriminators: [oneByte(0), new Uint8Array(0)], arguments: [], hasTail: false },
    ...defineLayouts(
      [
        ['create_idempotent', 1],
        ['recover_nested', 2],
      ],
      oneByte,
    ),
  ],
};

export const COMPUTE_BUDGET_PROGRAM_ADDRESS = parseSolanaAddress(
  'ComputeBudget111111111111111111111111111111',
);

/** Discriminators that a program may still give out after its last one; no Anchor spelling may begin with one. */
const RESERVED_DISCRIMINATORS = 16;
/** p-token's batch is 255; it and its neighbours are kept free too. */
const FIRST_HIGH_DISCRIMINATOR = 240;

/**
 * Adds Anchor's spelling of each instruction, which CDP's own examples use with these programs (it fails on chain). A spelling
 * that begins like a native discriminator is left out: what the chain executes must never be read as something else.
 */
export function withAnchorSpellings({ address, layouts }: KnownProgram): KnownProgram {
  const native = layouts.flatMap(({ discriminators }) => discriminators.map(([first]) => first ?? 0));
  const firstFree = Math.max(...native) + RESERVED_DISCRIMINATORS;
  return {
    address,
    layouts: layouts.map((layout) => {
      const spelling = anchorDiscriminator(layout.name);
      const first = spelling[0] as number;
      const isFree = first >= firstFree && first < FIRST_HIGH_DISCRIMINATOR;
      return isFree ? { ...layout, discriminators: [...layout.discriminators, spelling] } : layout;
    }),
  };
}
