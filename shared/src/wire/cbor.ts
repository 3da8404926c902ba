import { Decoder } from 'cbor-x/encode';
import type { CborValue } from './cbor-value.ts';
import { CborWriter } from './cbor-writer.ts';
import { assertStrictCbor } from './strict-walk.ts';
import { WireError } from './wire-error.ts';

export type { CborValue } from './cbor-value.ts';

const writer = new CborWriter();
// `cbor-x/encode` never loads the native addon that the package's main entry looks for.
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
  return writer.encode(value);
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
