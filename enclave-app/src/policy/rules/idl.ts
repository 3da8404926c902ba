import type { AnchorIdl, KnownIdl } from '@strongroom/shared/api/policy-solana';
import { parseSolanaAddress } from '../../solana/address.ts';
import { type InstructionLayout, parseArgumentType, snakeCase } from '../../solana/instruction-layout.ts';
import {
  ASSOCIATED_TOKEN_PROGRAM,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM,
  withAnchorSpellings,
} from '../../solana/known-programs.ts';
import { bytesKey } from '../operators.ts';
import { PolicyError } from '../policy-error.ts';

/** The instructions of one program. */
export interface ProgramLayouts {
  readonly layouts: readonly InstructionLayout[];
  /** Whether these are all instructions that the program has; an IDL in a policy may be a part. */
  readonly isComplete: boolean;
}

const KNOWN = {
  SystemProgram: withAnchorSpellings(SYSTEM_PROGRAM),
  TokenProgram: withAnchorSpellings(TOKEN_PROGRAM),
  AssociatedTokenProgram: withAnchorSpellings(ASSOCIATED_TOKEN_PROGRAM),
};

/**
 * Reads IDLs into layouts by program, keyed as bytesKey of the address.
 * @throws INVALID_POLICY when an address is not one, or one program's instructions share a discriminator
 */
export function compileIdls(idls: readonly (KnownIdl | AnchorIdl)[]): ReadonlyMap<string, ProgramLayouts> {
  const programs = new Map<string, ProgramLayouts>();
  for (const idl of idls) {
    const isKnown = typeof idl === 'string';
    const key = bytesKey(isKnown ? KNOWN[idl].address : readAddress(idl.address));
    const layouts = isKnown ? KNOWN[idl].layouts : idl.instructions.map(readLayout);
    const earlier = programs.get(key);
    programs.set(key, {
      layouts: [...(earlier?.layouts ?? []), ...layouts],
      isComplete: isKnown || earlier?.isComplete === true,
    });
  }
  for (const { layouts } of programs.values()) assertDistinct(layouts);
  return programs;
}

function readAddress(text: string): Uint8Array {
  try {
    return parseSolanaAddress(text);
  } catch {
    throw new PolicyError('The address of an IDL is not base58 of 32 bytes.');
  }
}

/** Arguments from the first that is not primitive on stay undecoded. */
function readLayout({ name, discriminator, args }: AnchorIdl['instructions'][number]): InstructionLayout {
  const decoded = [];
  for (const argument of args) {
    const type = typeof argument.type === 'string' ? parseArgumentType(argument.type) : null;
    if (type === null) break;
    decoded.push({ name: snakeCase(argument.name), type });
  }
  if (new Set(args.map((argument) => snakeCase(argument.name))).size !== args.length) {
    throw new PolicyError('An instruction of an IDL has two arguments of the same name.');
  }
  return {
    name: snakeCase(name),
    discriminators: [Uint8Array.from(discriminator)],
    arguments: decoded,
    hasTail: decoded.length < args.length,
  };
}

function assertDistinct(layouts: readonly InstructionLayout[]): void {
  const discriminators = layouts.flatMap((layout) => layout.discriminators.map(bytesKey));
  if (new Set(discriminators).size !== discriminators.length) {
    throw new PolicyError('Two instructions of an IDL have the same discriminator.');
  }
}
