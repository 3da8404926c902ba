// TRUST BOUNDARY: the types of EIP-712 typed data, from the client through the hostile parent.
import { type ElementaryType, parseArraySuffix, parseElementaryType } from './elementary-type.ts';
import { EvmError } from './evm-error.ts';

/** The type of a field with its references resolved. */
export type FieldType =
  | ElementaryType
  | { readonly kind: 'struct'; readonly name: string }
  | { readonly kind: 'array'; readonly element: FieldType; readonly length: number | null };

interface StructField {
  readonly name: string;
  /** As written. */
  readonly typeText: string;
  readonly type: FieldType;
}

/** Every struct that the roots reach, by name. */
export type StructTypes = ReadonlyMap<string, readonly StructField[]>;

// encodeType repeats the text of every struct in reach, once per struct in use: these bound the product.
const MAX_STRUCTS = 64;
const MAX_TYPE_TEXT_LENGTH = 16_384;
const MAX_ARRAY_NESTING = 16;

/** Whatever could make one encodeType text read as another. */
const separators = /[,()[\]\p{Cc}]/u;
const wordName = /^\w+$/;
/** viem refuses structs whose names start like these. */
const reservedName = /^(?:address$|bool$|string$|bytes|uint|int)/;

/**
 * Reads the struct definitions that the roots reach; others are ignored, as in viem.
 * @param definitions from struct name to an array of {name, type}
 * @throws INVALID_TYPED_DATA when a reference is open, a name or type is not well formed, a field is defined twice, more than
 * 64 structs or 16384 characters are reached, or libraries disagree about the meaning (a struct name that is no word and has
 * dependencies)
 */
export function resolveStructTypes(
  definitions: Record<string, unknown>,
  roots: readonly string[],
): StructTypes {
  const structs = new Map<string, readonly StructField[]>();
  const pending = [...roots];
  let textLength = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (structs.has(name)) continue;
    const fields = readFields(definitions, name);
    structs.set(name, fields);
    for (const field of fields) {
      textLength += field.name.length + field.typeText.length;
      const reference = structOf(field.type);
      if (reference !== null) pending.push(reference);
    }
    if (structs.size > MAX_STRUCTS || textLength > MAX_TYPE_TEXT_LENGTH)
      throw new EvmError('INVALID_TYPED_DATA');
  }
  return structs;
}

function readFields(definitions: Record<string, unknown>, structName: string): StructField[] {
  const definition = Object.hasOwn(definitions, structName) ? definitions[structName] : undefined;
  if (!Array.isArray(definition) || !isName(structName)) throw new EvmError('INVALID_TYPED_DATA');
  const fields = definition.map((field: unknown) => readField(definitions, field));
  if (new Set(fields.map(({ name }) => name)).size !== fields.length)
    throw new EvmError('INVALID_TYPED_DATA');
  if (!wordName.test(structName)) assertUnambiguous(definitions, structName, fields);
  return fields;
}

function readField(definitions: Record<string, unknown>, field: unknown): StructField {
  if (typeof field !== 'object' || field === null) throw new EvmError('INVALID_TYPED_DATA');
  const { name, type } = field as Record<string, unknown>;
  if (typeof name !== 'string' || typeof type !== 'string' || !isName(name))
    throw new EvmError('INVALID_TYPED_DATA');
  return { name, typeText: type, type: readType(definitions, type, 0) };
}

function isName(name: string): boolean {
  return name !== '' && !separators.test(name) && name.isWellFormed();
}

function readType(definitions: Record<string, unknown>, text: string, nesting: number): FieldType {
  const isDefined = Object.hasOwn(definitions, text);
  const elementary = parseElementaryType(text);
  if (elementary !== null && !isDefined) return elementary;
  const array = parseArraySuffix(text);
  if (array !== null && !isDefined && nesting < MAX_ARRAY_NESTING) {
    return {
      kind: 'array',
      element: readType(definitions, array.elementText, nesting + 1),
      length: array.length,
    };
  }
  // A name that is no word cannot be referred to: viem leaves such a dependency out of encodeType, ethers does not.
  if (!isDefined || !wordName.test(text) || reservedName.test(text)) throw new EvmError('INVALID_TYPED_DATA');
  return { kind: 'struct', name: text };
}

/** "HyperliquidTransaction:UsdSend" is in use and fine, as long as nothing depends on where the name is cut. */
function assertUnambiguous(
  definitions: Record<string, unknown>,
  structName: string,
  fields: readonly StructField[],
): void {
  const word = /^\w*/.exec(structName)?.[0] ?? '';
  if (Object.hasOwn(definitions, word) || fields.some(({ type }) => structOf(type) !== null)) {
    throw new EvmError('INVALID_TYPED_DATA');
  }
}

function structOf(type: FieldType): string | null {
  if (type.kind === 'array') return structOf(type.element);
  return type.kind === 'struct' ? type.name : null;
}

/**
 * Returns encodeType of EIP-712: the struct, then every struct that it reaches sorted by name, each as
 * `Name(type1 name1,type2 name2)`.
 */
export function encodeType(structs: StructTypes, name: string): string {
  const reached = new Set<string>();
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const { type } of structs.get(next) ?? []) {
      const reference = structOf(type);
      if (reference !== null) pending.push(reference);
    }
  }
  reached.delete(name);
  return [name, ...[...reached].sort()].map((struct) => definitionText(structs, struct)).join('');
}

function definitionText(structs: StructTypes, name: string): string {
  const fields = structs.get(name) ?? [];
  return `${name}(${fields.map((field) => `${field.typeText} ${field.name}`).join(',')})`;
}
