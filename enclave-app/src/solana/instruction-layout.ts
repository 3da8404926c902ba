// TRUST BOUNDARY: instruction data of Solana transactions, from the client through the hostile parent.
import { ByteReader } from './byte-reader.ts';
import { SolanaError } from './solana-error.ts';

/** What Borsh and bincode encode alike; strings and bytes have a length of 4 bytes, `bincode-string` one of 8. */
export type ArgumentType =
  | { readonly kind: 'integer'; readonly byteLength: number; readonly isSigned: boolean }
  | { readonly kind: 'float'; readonly byteLength: 4 | 8 }
  | { readonly kind: 'bool' | 'string' | 'bincode-string' | 'bytes' | 'pubkey' };

export type ArgumentValue =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  /** A public key has 32 bytes. */
  | { readonly kind: 'bytes' | 'pubkey'; readonly value: Uint8Array };

export interface InstructionLayout {
  /** In snake_case, as Anchor writes it. */
  readonly name: string;
  /** What the data starts with; an instruction may have several spellings. */
  readonly discriminators: readonly Uint8Array[];
  readonly arguments: readonly { readonly name: string; readonly type: ArgumentType }[];
  /** Whether something undescribed follows the arguments; otherwise data that goes on is refused. */
  readonly hasTail: boolean;
}

const fail = () => new SolanaError('INVALID_INSTRUCTION_DATA');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const integerName = /^([ui])(8|16|32|64|128|256)$/;
const plainKinds = ['bool', 'string', 'bytes', 'pubkey'] as const;

/** Reads the name of a primitive type as Anchor's IDL 0.30 spells it; null for any other. */
export function parseArgumentType(name: string): ArgumentType | null {
  const integer = integerName.exec(name);
  if (integer !== null) {
    return { kind: 'integer', byteLength: Number(integer[2]) / 8, isSigned: integer[1] === 'i' };
  }
  if (name === 'f32' || name === 'f64') return { kind: 'float', byteLength: name === 'f32' ? 4 : 8 };
  const kind = plainKinds.find((candidate) => candidate === name);
  return kind === undefined ? null : { kind };
}

/** camelCase and snake_case name the same instruction or argument. */
export function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** An instruction whose discriminator was recognised, with its arguments still undecoded. */
export interface RecognisedInstruction {
  readonly layout: InstructionLayout;
  readonly argumentData: Uint8Array;
}

/** Finds the layout with the longest discriminator that the data starts with; null when none fits. */
export function recogniseInstruction(
  layouts: readonly InstructionLayout[],
  data: Uint8Array,
): RecognisedInstruction | null {
  let longest = -1;
  let found: InstructionLayout | null = null;
  for (const layout of layouts) {
    for (const discriminator of layout.discriminators) {
      if (discriminator.length <= longest || !startsWith(data, discriminator)) continue;
      longest = discriminator.length;
      found = layout;
    }
  }
  return found === null ? null : { layout: found, argumentData: data.subarray(longest) };
}

/**
 * Decodes the arguments of a recognised instruction.
 * @throws INVALID_INSTRUCTION_DATA when the data ends early, goes on after the last argument, or a bool, string or float is
 * not valid
 */
export function decodeArguments({
  layout,
  argumentData,
}: RecognisedInstruction): ReadonlyMap<string, ArgumentValue> {
  const reader = new ByteReader(argumentData, fail);
  const values = new Map<string, ArgumentValue>();
  for (const { name, type } of layout.arguments) values.set(name, readArgument(reader, type));
  if (!layout.hasTail && reader.remaining !== 0) throw fail();
  return values;
}

function startsWith(data: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.length <= data.length && prefix.every((byte, index) => data[index] === byte);
}

function readArgument(reader: ByteReader, type: ArgumentType): ArgumentValue {
  switch (type.kind) {
    case 'integer': {
      const value = reader.unsigned(type.byteLength);
      return { kind: 'integer', value: type.isSigned ? BigInt.asIntN(type.byteLength * 8, value) : value };
    }
    case 'float': {
      const bytes = reader.take(type.byteLength);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const value = type.byteLength === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
      // Borsh refuses NaN too.
      if (Number.isNaN(value)) throw fail();
      return { kind: 'float', value };
    }
    case 'bool': {
      const byte = reader.byte();
      if (byte > 1) throw fail();
      return { kind: 'bool', value: byte === 1 };
    }
    case 'string':
      return { kind: 'string', value: decodeText(readSized(reader, 4)) };
    case 'bincode-string':
      return { kind: 'string', value: decodeText(readSized(reader, 8)) };
    case 'bytes':
      return { kind: 'bytes', value: readSized(reader, 4) };
    case 'pubkey':
      return { kind: 'pubkey', value: reader.take(32) };
  }
}

function readSized(reader: ByteReader, lengthBytes: 4 | 8): Uint8Array {
  const length = reader.unsigned(lengthBytes);
  if (length > BigInt(reader.remaining)) throw fail();
  return reader.take(Number(length));
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw fail();
  }
}
