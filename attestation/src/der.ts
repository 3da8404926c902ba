// TRUST BOUNDARY: DER of certificates, from whoever hands over the document.
import { assertThat } from './attestation-error.ts';
import type { Bytes } from './bytes.ts';

/** Identifier octets of X.690 that certificates use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: tag, length and content, at these offsets of the bytes that were read. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

const MAX_DEPTH = 12;
const CONSTRUCTED = 0x20;
const UNIVERSAL_CLASS_LIMIT = 0x40;

/**
 * Reads the element at `offset`, which must end at or before `limit`.
 * Lengths are definite and minimal (X.690 section 10.1), at most 65535; tag numbers below 31.
 * @throws X509_DER
 */
export function readDerElement(bytes: Bytes, offset: number, limit: number): DerElement {
  const tag = byteAt(bytes, offset, limit);
  assertThat((tag & 0x1f) !== 0x1f && tag !== 0, 'X509_DER');
  const first = byteAt(bytes, offset + 1, limit);
  let length = first;
  let contentStart = offset + 2;
  if (first >= 0x80) {
    assertThat(first === 0x81 || first === 0x82, 'X509_DER');
    length = byteAt(bytes, contentStart, limit);
    contentStart += 1;
    if (first === 0x82) {
      length = length * 256 + byteAt(bytes, contentStart, limit);
      contentStart += 1;
    }
    assertThat(length >= (first === 0x81 ? 0x80 : 0x100), 'X509_DER');
  }
  const end = contentStart + length;
  assertThat(end <= limit, 'X509_DER');
  return { tag, start: offset, contentStart, end };
}

function byteAt(bytes: Bytes, offset: number, limit: number): number {
  const byte = offset < limit ? bytes[offset] : undefined;
  assertThat(byte !== undefined, 'X509_DER');
  return byte;
}

/**
 * Checks that bytes from `start` to `end` are one element of strict DER, all the way down: nested lengths fit exactly,
 * booleans, integers, bit strings and object identifiers are canonical, primitive types are primitive.
 * Walks with a stack of bounded size, so depth costs an error and not the call stack.
 * @throws X509_DER
 */
export function assertDer(bytes: Bytes, start = 0, end = bytes.length): void {
  assertThat(start < end, 'X509_DER');
  const ends: number[] = [end];
  let offset = start;
  while (ends.length > 0) {
    const limit = ends.at(-1) ?? end;
    if (offset === limit) {
      ends.pop();
      continue;
    }
    const element = readDerElement(bytes, offset, limit);
    assertThat(offset !== start || element.end === end, 'X509_DER');
    if (isConstructed(element.tag)) {
      assertThat(ends.length < MAX_DEPTH, 'X509_DER');
      ends.push(element.end);
      offset = element.contentStart;
    } else {
      assertPrimitive(element.tag, bytes.subarray(element.contentStart, element.end));
      offset = element.end;
    }
  }
}

function isConstructed(tag: number): boolean {
  const constructed = (tag & CONSTRUCTED) !== 0;
  if (tag >= UNIVERSAL_CLASS_LIMIT) return constructed;
  // Of the universal types SEQUENCE and SET are always constructed and, in DER, no other ever is.
  const number = tag & 0x1f;
  assertThat(constructed === (number === 0x10 || number === 0x11), 'X509_DER');
  return constructed;
}

function assertPrimitive(tag: number, content: Uint8Array): void {
  switch (tag) {
    case TAG.boolean:
      assertThat(content.length === 1 && (content[0] === 0x00 || content[0] === 0xff), 'X509_DER');
      return;
    case TAG.integer:
      assertThat(isMinimalInteger(content), 'X509_DER');
      return;
    case TAG.bitString:
      assertThat(isCanonicalBitString(content), 'X509_DER');
      return;
    case TAG.objectIdentifier:
      assertThat(isCanonicalObjectIdentifier(content), 'X509_DER');
      return;
  }
}

function isMinimalInteger(content: Uint8Array): boolean {
  const [first, second = 0] = content;
  if (first === undefined) return false;
  if (content.length === 1) return true;
  return !(first === 0x00 && second < 0x80) && !(first === 0xff && second >= 0x80);
}

function isCanonicalBitString(content: Uint8Array): boolean {
  const unused = content[0];
  if (unused === undefined || unused > 7) return false;
  const last = content.length > 1 ? (content.at(-1) ?? 0) : 0;
  return content.length === 1 ? unused === 0 : (last & ((1 << unused) - 1)) === 0;
}

function isCanonicalObjectIdentifier(content: Uint8Array): boolean {
  if (content.length === 0 || (content.at(-1) ?? 0x80) >= 0x80) return false;
  // No base-128 number begins with a digit of zero.
  return content.every((byte, index) => byte !== 0x80 || (index > 0 && (content[index - 1] ?? 0) >= 0x80));
}

/** Walks the elements of one constructed element in order. */
export class DerReader {
  readonly bytes: Bytes;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Bytes, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#offset === this.#end;
  }

  /** The next element's identifier octet, null at the end. */
  get nextTag(): number | null {
    return this.atEnd ? null : (this.bytes[this.#offset] ?? null);
  }

  /** Reads the next element, which must have this tag. @throws X509_DER */
  element(tag: number): DerElement {
    const element = readDerElement(this.bytes, this.#offset, this.#end);
    assertThat(element.tag === tag, 'X509_DER');
    this.#offset = element.end;
    return element;
  }

  /** The next element's content, as a copy. @throws X509_DER */
  content(tag: number): Bytes {
    const { contentStart, end } = this.element(tag);
    return this.bytes.slice(contentStart, end);
  }

  /** The next element with its tag and length, as a copy. @throws X509_DER */
  whole(tag: number): Bytes {
    const { start, end } = this.element(tag);
    return this.bytes.slice(start, end);
  }

  /** Reader of the next element's inside. @throws X509_DER */
  inside(tag: number): DerReader {
    const { contentStart, end } = this.element(tag);
    return new DerReader(this.bytes, contentStart, end);
  }

  /** @throws X509_DER when something is left */
  finish(): void {
    assertThat(this.atEnd, 'X509_DER');
  }
}
