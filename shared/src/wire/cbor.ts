import { Decoder, Encoder } from 'cbor-x/encode';
import { assertStrictCbor } from './strict-walk.ts';
import { WireError } from './wire-error.ts';

/** What the protocol can say: no floats, no undefined, no dates, no classes. */
export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

// `cbor-x/encode` never loads the native addon that the package's main entry looks for.
const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });
const decoder = new Decoder({
  useRecords: false,
  mapsAsObjects: true,
  int64AsNumber: true,
} as ConstructorParameters<typeof Decoder>[0]);

/**
 * Encodes in the strict profile: RFC 8949 section 4.2.1 deterministic encoding, see {@link assertStrictCbor}.
 * Accepts keys in any order; returns an own copy.
 * @throws WireError CBOR_NOT_ENCODABLE for a value outside the profile
 */
export function encodeCbor(value: CborValue): Uint8Array {
  return Uint8Array.from(encoder.encode(toEncodable(value)));
}

/**
 * Decodes one item of the strict profile and nothing after it. Maps become plain objects, byte strings views into `bytes`.
 * @throws WireError with the code of the first rule broken
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  assertStrictCbor(bytes);
  try {
    return decoder.decode(bytes) as CborValue;
  } catch (cause) {
    throw new WireError('CBOR_TYPE_REFUSED', { cause });
  }
}

/** Refuses what the profile cannot say, sorts map keys and widens integers that cbor-x would write as floats. */
function toEncodable(value: CborValue): unknown {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      if (!value.isWellFormed()) throw new WireError('CBOR_NOT_ENCODABLE');
      return value;
    case 'number':
      if (!Number.isSafeInteger(value) || value < 0) throw new WireError('CBOR_NOT_ENCODABLE');
      return value > 0xffff_ffff ? BigInt(value) : value + 0;
    case 'object':
      if (value === null || value instanceof Uint8Array) return value;
      if (Array.isArray(value)) return value.map(toEncodable);
      return toEncodableMap(value as { readonly [key: string]: CborValue });
    default:
      throw new WireError('CBOR_NOT_ENCODABLE');
  }
}

const FIELD_NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

function toEncodableMap(map: { readonly [key: string]: CborValue }): unknown {
  const prototype = Object.getPrototypeOf(map);
  if (prototype !== Object.prototype && prototype !== null) throw new WireError('CBOR_NOT_ENCODABLE');
  const encodable: Record<string, unknown> = {};
  for (const key of Object.keys(map).sort(compareKeys)) {
    if (!FIELD_NAME.test(key)) throw new WireError('CBOR_NOT_ENCODABLE');
    encodable[key] = toEncodable(map[key] as CborValue);
  }
  return encodable;
}

/** Bytewise order of the encoded keys: shorter first, then by content. */
function compareKeys(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
