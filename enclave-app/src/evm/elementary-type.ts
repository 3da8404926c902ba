/** A Solidity value type that is not composed of others; `integer` covers int8 to uint256. */
export type ElementaryType =
  | { readonly kind: 'address' | 'bool' | 'string' | 'bytes' }
  | { readonly kind: 'fixed-bytes'; readonly length: number }
  | { readonly kind: 'integer'; readonly min: bigint; readonly max: bigint };

/** One `[]` or `[length]` of a type's text, and what stands before it. */
export interface ArraySuffix {
  readonly elementText: string;
  /** Null for a dynamic array. */
  readonly length: number | null;
}

const arraySuffix = /^(.+)\[(0|[1-9][0-9]{0,4})?\]$/;
const table = buildTable();

function buildTable(): ReadonlyMap<string, ElementaryType> {
  const types = new Map<string, ElementaryType>();
  for (const kind of ['address', 'bool', 'string', 'bytes'] as const) types.set(kind, { kind });
  for (let length = 1; length <= 32; length += 1)
    types.set(`bytes${length}`, { kind: 'fixed-bytes', length });
  for (let bits = 8n; bits <= 256n; bits += 8n) {
    types.set(`uint${bits}`, { kind: 'integer', min: 0n, max: 2n ** bits - 1n });
    types.set(`int${bits}`, { kind: 'integer', min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n });
  }
  return types;
}

/** Reads a canonical type name; null for any other, the aliases `uint` and `int` included. */
export function parseElementaryType(text: string): ElementaryType | null {
  return table.get(text) ?? null;
}

/** Splits the outermost array off a type's text: `uint8[2][]` is a dynamic array of `uint8[2]`; null when it is no array. */
export function parseArraySuffix(text: string): ArraySuffix | null {
  const match = arraySuffix.exec(text);
  if (match === null) return null;
  return { elementText: match[1] as string, length: match[2] === undefined ? null : Number(match[2]) };
}
