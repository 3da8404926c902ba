import { type AttestationErrorCode, assertThat } from './attestation-error.ts';
import { type Bytes, isBytes } from './bytes.ts';
import type { StrictValue } from './strict-cbor.ts';

/** Reads a value as one type; undefined when it is of another. */
export type Field<T> = (value: StrictValue) => T | undefined;

/** The fields of a map by name: all of them must be there, and no other. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** Byte string of this length, or of one from `length` to `max`. */
export const bytes =
  (length: number, max = length): Field<Bytes> =>
  (value) =>
    isBytes(value) && value.length >= length && value.length <= max ? value : undefined;

/** Byte string that begins with these bytes and is `length` long: a SubjectPublicKeyInfo of one algorithm. */
export const bytesWithPrefix =
  (prefix: Uint8Array, length: number): Field<Bytes> =>
  (value) => {
    const content = bytes(length)(value);
    return content && prefix.every((byte, index) => content[index] === byte) ? content : undefined;
  };

/** Text of 0 to `maxLength` UTF-16 units. */
export const text =
  (maxLength: number): Field<string> =>
  (value) =>
    typeof value === 'string' && value.length <= maxLength ? value : undefined;

/** A number too large for an integer of CBOR's: its decimal digits, without leading zeros. */
export const decimal =
  (maxDigits: number): Field<string> =>
  (value) =>
    typeof value === 'string' && value.length <= maxDigits && /^(?:0|[1-9][0-9]*)$/.test(value)
      ? value
      : undefined;

export const uint: Field<number> = (value) => (typeof value === 'number' ? value : undefined);
export const bool: Field<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

/** One of a closed set of values. */
export const oneOf =
  <const T extends string | number>(...allowed: readonly T[]): Field<T> =>
  (value) =>
    allowed.find((candidate) => candidate === value);

export const nullable =
  <T>(field: Field<T>): Field<T | null> =>
  (value) =>
    value === null ? null : field(value);

export const list =
  <T>(field: Field<T>): Field<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value)) return undefined;
    const items = value.map((item: StrictValue) => field(item));
    return items.every((item) => item !== undefined) ? Object.freeze(items as T[]) : undefined;
  };

export const map =
  <T>(fields: Fields<T>): Field<Readonly<T>> =>
  (value) => {
    if (!(value instanceof Map) || value.size !== Object.keys(fields).length) return undefined;
    const read: Partial<T> = {};
    for (const name in fields) {
      const entry: StrictValue | undefined = value.get(name);
      const field = entry === undefined ? undefined : fields[name](entry);
      if (field === undefined) return undefined;
      read[name] = field;
    }
    // qed: the loop set every name of `fields`.
    return Object.freeze(read as T);
  };

/** Reads a map or says which of its fields is at fault. @throws `code` */
export function readFields<T>(
  value: StrictValue,
  fields: Fields<T>,
  code: AttestationErrorCode,
): Readonly<T> {
  const read = map(fields)(value);
  if (read !== undefined) return read;
  assertThat(value instanceof Map, code);
  for (const name in fields) {
    const entry: StrictValue | undefined = value.get(name);
    assertThat(entry !== undefined && fields[name](entry) !== undefined, code, name);
  }
  // Each known field is right, so there is one that is not known.
  assertThat(false, code, 'an unknown field');
}
