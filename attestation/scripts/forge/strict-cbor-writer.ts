// Writes Strongroom's strict CBOR for test vectors, and lets a case break it.
import { Buffer } from 'node:buffer';
import { array, bstr, head, map, NULL, tstr, uint } from './cbor-writer.ts';

/** Bytes that are already encoded. */
export class Encoded {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Encoded
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Core deterministic encoding (RFC 8949 section 4.2.1). */
export function encode(value: Value): Buffer {
  if (value === null) return NULL;
  if (value === true || value === false) return head(7, value ? 21 : 20);
  if (typeof value === 'number') return uint(value);
  if (typeof value === 'string') return tstr(value);
  if (value instanceof Encoded) return Buffer.from(value.bytes);
  if (value instanceof Uint8Array) return bstr(value);
  if (Array.isArray(value)) return array(...value.map((item: Value) => encode(item)));
  return map(...entriesOf(value as Readonly<Record<string, Value>>));
}

/** Entries of a map, encoded, in canonical order. */
export function entriesOf(value: Readonly<Record<string, Value>>): readonly (readonly [Buffer, Buffer])[] {
  return Object.entries(value)
    .map(([key, item]) => [tstr(key), encode(item)] as const)
    .sort(([a], [b]) => Buffer.compare(a, b));
}
