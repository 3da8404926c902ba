import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatSolanaAddress, parseSolanaAddress } from '../../src/solana/address.ts';
import {
  type ArgumentValue,
  decodeArguments,
  recogniseInstruction,
} from '../../src/solana/instruction-layout.ts';
import {
  ASSOCIATED_TOKEN_PROGRAM,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM,
  withAnchorSpellings,
} from '../../src/solana/known-programs.ts';
import type { SolanaMessage } from '../../src/solana/message.ts';
import { nativeTransfers, tokenTransfers } from '../../src/solana/transfers.ts';

interface InstructionCase {
  name: string;
  program: string;
  accounts: string[];
  data: string;
}
interface KnownCase extends InstructionCase {
  arguments: Record<string, string>;
  transfer: { amount: string; recipient: string; mint: string | null } | null;
}

const path = new URL('../../../vectors/solana/instructions/known-programs.json', import.meta.url);
const { known, unknown }: { known: KnownCase[]; unknown: InstructionCase[] } = JSON.parse(
  readFileSync(path, 'utf8'),
);
const programs = [SYSTEM_PROGRAM, TOKEN_PROGRAM, ASSOCIATED_TOKEN_PROGRAM];

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const programOf = ({ program }: InstructionCase) =>
  programs.find(({ address }) => formatSolanaAddress(address) === program) ?? SYSTEM_PROGRAM;

function textOf({ kind, value }: ArgumentValue): string {
  return kind === 'pubkey' ? formatSolanaAddress(value) : String(value);
}

/** The instruction alone in a message, its accounts in order behind the program. */
function messageOf({ program, accounts, data }: InstructionCase): SolanaMessage {
  return {
    version: 'legacy',
    requiredSignatureCount: 1,
    readonlySignedCount: 0,
    readonlyUnsignedCount: 0,
    staticAccountKeys: [program, ...accounts].map(parseSolanaAddress),
    recentBlockhash: new Uint8Array(32),
    blockhashOffset: 0,
    instructions: [
      {
        programIdIndex: 0,
        accountIndexes: Uint8Array.from(accounts, (_, index) => index + 1),
        data: bytesOf(data),
      },
    ],
    addressTableLookups: [],
  };
}

/** Has arguments and nothing undescribed behind them. */
function hasExactLength(one: KnownCase): boolean {
  const layout = programOf(one).layouts.find(({ name }) => name === one.name);
  return layout !== undefined && !layout.hasTail && layout.arguments.length > 0;
}

const transfersOf = (one: InstructionCase) => {
  const [native, token] = [nativeTransfers(messageOf(one)), tokenTransfers(messageOf(one))];
  return {
    transfers: [...native.transfers, ...token.transfers],
    isIncomplete: native.isIncomplete || token.isIncomplete,
  };
};

describe('instructions of known programs', () => {
  it.each(known)('$program $name', (one) => {
    const recognised = recogniseInstruction(programOf(one).layouts, bytesOf(one.data));
    expect(recognised?.layout.name).toBe(one.name);
    const values = recognised === null ? [] : [...decodeArguments(recognised)];
    expect(Object.fromEntries(values.map(([name, value]) => [name, textOf(value)]))).toEqual(one.arguments);
    const { transfers, isIncomplete } = transfersOf(one);
    expect(isIncomplete).toBe(false);
    expect(
      transfers.map(({ amount, recipient, mint }) => ({
        amount: String(amount),
        recipient: recipient && formatSolanaAddress(recipient),
        mint: mint && formatSolanaAddress(mint),
      })),
    ).toEqual(one.transfer === null ? [] : [one.transfer]);
  });

  it('cover every layout', () => {
    const names = programs.flatMap(({ layouts }) => layouts.map((layout) => layout.name)).sort();
    expect(known.map(({ name }) => name).sort()).toEqual(names);
  });

  it.each(known.filter(hasExactLength))('$program $name of another length is refused', (one) => {
    const { layouts } = programOf(one);
    const data = bytesOf(one.data);
    for (const changed of [data.subarray(0, data.length - 1), Uint8Array.from([...data, 0])]) {
      const recognised = recogniseInstruction(layouts, changed);
      expect(recognised?.layout.name).toBe(one.name);
      expect(() => recognised && decodeArguments(recognised)).toThrow(
        expect.objectContaining({ code: 'INVALID_INSTRUCTION_DATA' }),
      );
    }
  });

  it.each(unknown)('$program $name makes the list of transfers incomplete', (one) => {
    expect(transfersOf(one)).toEqual({ transfers: [], isIncomplete: true });
  });

  it.each(programs)('no Anchor spelling begins like a native discriminator', (program) => {
    const native = program.layouts.flatMap(({ discriminators }) => discriminators);
    for (const { discriminators } of withAnchorSpellings(program).layouts) {
      for (const spelling of discriminators.filter((bytes) => bytes.length === 8)) {
        const clashes = native.filter((bytes) => bytes.length > 0 && bytes[0] === spelling[0]);
        expect(clashes).toEqual([]);
      }
    }
  });
});
