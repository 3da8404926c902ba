// TRUST BOUNDARY: manifests and certificates, from whoever answers for a service.
import { AttestationError, assertThat } from './attestation-error.ts';
import type { Bytes } from './bytes.ts';
import { type CborHead, CborReader, MAJOR, SIMPLE } from './cbor-reader.ts';

/** A value of Strongroom's strict CBOR. Maps are Maps: a key is never a property. */
export type StrictValue =
  | null
  | boolean
  | number
  | string
  | Bytes
  | readonly StrictValue[]
  | ReadonlyMap<string, StrictValue>;

/** A collection that is not complete yet. */
interface Open {
  readonly head: CborHead;
  readonly array: StrictValue[];
  readonly map: Map<string, StrictValue> | null;
  key: string;
}

const MAX_DEPTH = 16;
const MAX_ITEMS = 65536;
const KEY = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/**
 * Decodes one item of deterministic CBOR (RFC 8949 section 4.2.1) as docs/protocol.md section 1 restricts it: definite
 * lengths, unsigned integers to 2^53-1, byte and text strings, arrays, maps with text keys in ascending order of their
 * encoding, false, true, null; at most 16 levels and 65536 items. So every value has one encoding.
 * @throws CBOR_*
 */
export function decodeStrictCbor(untrusted: Bytes): StrictValue {
  const reader = new CborReader(untrusted);
  const open: Open[] = [];
  let items = 0;
  for (;;) {
    items += 1;
    assertThat(items <= MAX_ITEMS, 'CBOR_TOO_MANY_ITEMS');
    const parent = open.at(-1);
    if (parent?.map) parent.key = readKey(reader, parent);
    const head = reader.head();
    assertThat(!head.indefinite, 'CBOR_INDEFINITE_LENGTH');
    let value = readItem(reader, head);
    if (value === undefined) {
      assertThat(open.length < MAX_DEPTH, 'CBOR_TOO_DEEP');
      open.push({ head, array: [], map: head.major === MAJOR.map ? new Map() : null, key: '' });
    } else if (parent === undefined) return finish(reader, value);
    else append(parent, value);
    // Closes every collection that is now complete, each into the one around it.
    for (let top = open.at(-1); top !== undefined && sizeOf(top) === top.head.argument; top = open.at(-1)) {
      open.pop();
      value = top.map ?? top.array;
      const outer = open.at(-1);
      if (outer === undefined) return finish(reader, value);
      append(outer, value);
    }
  }
}

const sizeOf = ({ map, array }: Open): number => map?.size ?? array.length;

function append({ map, array, key }: Open, value: StrictValue): void {
  if (map) map.set(key, value);
  else array.push(value);
}

function finish(reader: CborReader, value: StrictValue): StrictValue {
  assertThat(reader.atEnd, 'CBOR_TRAILING_BYTES');
  return value;
}

/** Reads a scalar whole; undefined for a collection, of which only the head was read. */
function readItem(reader: CborReader, head: CborHead): StrictValue | undefined {
  switch (head.major) {
    case MAJOR.unsigned:
      return head.argument;
    case MAJOR.bytes:
      return reader.content(head);
    case MAJOR.text:
      return reader.text(head);
    case MAJOR.array:
    case MAJOR.map:
      return undefined;
    case MAJOR.simple:
      return head.argument === SIMPLE.null ? null : head.argument === SIMPLE.true;
    default:
      throw new AttestationError('CBOR_NEGATIVE');
  }
}

function readKey(reader: CborReader, { map, key: previous }: Open): string {
  const head = reader.head();
  assertThat(head.major === MAJOR.text && !head.indefinite, 'CBOR_KEY');
  const key = reader.text(head);
  assertThat(KEY.test(key), 'CBOR_KEY');
  assertThat(map?.has(key) !== true, 'CBOR_DUPLICATE_KEY');
  // The head comes first, so of two keys of ASCII the shorter is the smaller.
  const isAscending = key.length === previous.length ? key > previous : key.length > previous.length;
  assertThat(isAscending, 'CBOR_KEY_ORDER');
  return key;
}
