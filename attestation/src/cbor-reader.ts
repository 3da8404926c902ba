// TRUST BOUNDARY: CBOR from whoever sent the document or the certificate.
import { AttestationError, assertThat } from './attestation-error.ts';
import type { Bytes } from './bytes.ts';

/** Major types of RFC 8949 section 3.1 that are ever accepted; 6 (tags) is not among them. */
export const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const;
export const SIMPLE = { false: 20, true: 21, null: 22 } as const;

/** Start of an item. */
export interface CborHead {
  readonly major: number;
  /** Value of an integer or simple value, length of a string, count of a definite collection. */
  readonly argument: number;
  /** Only of arrays and maps: ends with a break. */
  readonly indefinite: boolean;
}

const ADDITIONAL = { oneByte: 24, eightBytes: 27, indefinite: 31 } as const;
const BREAK = 0xff;
// A byte order mark is content: nothing of a signed text may vanish.
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Pulls items off CBOR bytes one head at a time, so that the caller's schema decides what may come and nothing recurses.
 * Refuses at any place: tags, floats, undefined, reserved heads, chunked strings, non-minimal heads, lengths beyond the input.
 */
export class CborReader {
  readonly #bytes: Bytes;
  #offset = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw new AttestationError('CBOR_TRUNCATED');
    this.#offset += 1;
    return byte;
  }

  /**
   * Reads the head of the next item (RFC 8949 section 3).
   * @throws CBOR_TRUNCATED, CBOR_TAG, CBOR_RESERVED, CBOR_CHUNKED_STRING, CBOR_UNEXPECTED_BREAK, CBOR_FLOAT,
   *   CBOR_SIMPLE_VALUE, CBOR_NON_MINIMAL, CBOR_INTEGER_RANGE
   */
  head(): CborHead {
    const initial = this.#byte();
    const major = initial >> 5;
    const additional = initial & 0x1f;
    assertThat(major !== 6, 'CBOR_TAG');
    assertThat(initial !== BREAK, 'CBOR_UNEXPECTED_BREAK');
    if (major === MAJOR.simple) return { major, argument: simpleValue(additional), indefinite: false };
    if (additional === ADDITIONAL.indefinite) {
      assertThat(major !== MAJOR.bytes && major !== MAJOR.text, 'CBOR_CHUNKED_STRING');
      assertThat(major === MAJOR.array || major === MAJOR.map, 'CBOR_RESERVED');
      return { major, argument: 0, indefinite: true };
    }
    return { major, argument: this.#argument(additional, major), indefinite: false };
  }

  #argument(additional: number, major: number): number {
    if (additional < ADDITIONAL.oneByte) return additional;
    assertThat(additional <= ADDITIONAL.eightBytes, 'CBOR_RESERVED');
    const size = 1 << (additional - ADDITIONAL.oneByte);
    let value = 0;
    for (let index = 0; index < size; index += 1) value = value * 256 + this.#byte();
    const smallest = size === 1 ? ADDITIONAL.oneByte : 2 ** (4 * size);
    assertThat(value >= smallest, 'CBOR_NON_MINIMAL');
    const isInteger = major === MAJOR.unsigned || major === MAJOR.negative;
    // Beyond 2^53 the sum above is inexact, and no length of that size can be within the input either.
    assertThat(Number.isSafeInteger(value), isInteger ? 'CBOR_INTEGER_RANGE' : 'CBOR_TRUNCATED');
    return value;
  }

  /** Takes the content of a byte string whose head was read, as a copy. @throws CBOR_TRUNCATED */
  content(head: CborHead): Bytes {
    assertThat(head.argument <= this.#bytes.length - this.#offset, 'CBOR_TRUNCATED');
    const start = this.#offset;
    this.#offset += head.argument;
    return this.#bytes.slice(start, this.#offset);
  }

  /** Takes the content of a text string whose head was read. @throws CBOR_TRUNCATED, CBOR_INVALID_UTF8 */
  text(head: CborHead): string {
    const content = this.content(head);
    try {
      return UTF8.decode(content);
    } catch {
      throw new AttestationError('CBOR_INVALID_UTF8');
    }
  }

  /** Says whether a collection of which `seen` entries were read is at its end; takes the break of an indefinite one. */
  endsAfter(head: CborHead, seen: number): boolean {
    if (!head.indefinite) return seen === head.argument;
    if (this.#bytes[this.#offset] !== BREAK) return false;
    this.#offset += 1;
    return true;
  }
}

function simpleValue(additional: number): number {
  assertThat(additional < 28 || additional > 30, 'CBOR_RESERVED');
  assertThat(additional < 25 || additional > 27, 'CBOR_FLOAT');
  assertThat(additional >= SIMPLE.false && additional <= SIMPLE.null, 'CBOR_SIMPLE_VALUE');
  return additional;
}
