// Runs in browsers, where the protocol's own writer, made for Node's buffers, does not.
type Value = null | string | Uint8Array | readonly Value[] | { readonly [key: string]: Value };

const MAX_SHORT_LENGTH = 24;
const UTF8 = new TextEncoder();

/** Deterministic CBOR (RFC 8949 section 4.2.1) of the few types that recoveries and second factors have; contents up to 65,535 bytes. */
export function encodePortableCbor(value: Value): Uint8Array<ArrayBuffer> {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === 'string') {
    const bytes = UTF8.encode(value);
    return join([head(3, bytes.length), bytes]);
  }
  if (value instanceof Uint8Array) return join([head(2, value.length), value]);
  if (isList(value)) return join([head(4, value.length), ...value.map(encodePortableCbor)]);
  const entries = Object.entries(value).map(([key, member]) => ({ key: encodePortableCbor(key), member }));
  entries.sort((a, b) => compareBytes(a.key, b.key));
  const parts = entries.flatMap(({ key, member }) => [key, encodePortableCbor(member)]);
  return join([head(5, entries.length), ...parts]);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function head(major: number, length: number): Uint8Array {
  const initial = major << 5;
  if (length < MAX_SHORT_LENGTH) return Uint8Array.of(initial | length);
  if (length <= 0xff) return Uint8Array.of(initial | 24, length);
  if (length <= 0xffff) return Uint8Array.of(initial | 25, length >> 8, length & 0xff);
  throw new RangeError('too long for this writer');
}

/** Encoded keys begin with their length, so shorter ones come first. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? a.length - b.length : (a[at] as number) - (b[at] ?? -1);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
