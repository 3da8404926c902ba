// TRUST BOUNDARY: BER (X.690) from whoever answered a KMS call.

/** Input that is not the structure read; carries nothing of it. */
export class BerError extends Error {}

const END_OF_CONTENTS = Uint8Array.of(0, 0);

/**
 * Reads one known structure from BER, front to back. It never recurses: nesting is as deep as the caller's calls.
 * Tags are single bytes; definite lengths are minimal, at most two bytes long and within the enclosing element.
 */
export class BerCursor {
  readonly #bytes: Uint8Array;
  #offset = 0;
  /** Ends of the open elements, innermost last; null where the length is indefinite. */
  readonly #open: (number | null)[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Enters a constructed element of definite or indefinite length. */
  open(tag: number): void {
    this.expect(Uint8Array.of(tag));
    if (this.#bytes[this.#offset] === 0x80) {
      this.#offset++;
      this.#open.push(null);
    } else {
      this.#open.push(this.#definiteEnd());
    }
  }

  /** Enters a constructed element of definite length. */
  openDefinite(tag: number): void {
    this.expect(Uint8Array.of(tag));
    this.#open.push(this.#definiteEnd());
  }

  /** Leaves the innermost element, which must end here. */
  close(): void {
    const end = this.#open.pop();
    if (end === null) this.expect(END_OF_CONTENTS);
    else if (end !== this.#offset) throw new BerError('element longer than its contents');
  }

  /** True when the innermost element has nothing more to read. */
  atEnd(): boolean {
    const end = this.#open.at(-1);
    if (end !== null) return this.#offset === (end ?? this.#bytes.length);
    return this.#bytes[this.#offset] === 0 && this.#bytes[this.#offset + 1] === 0;
  }

  /** Tag of the next element, or undefined at the end of the input. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** Content of a primitive element, a view of the input. */
  primitive(tag: number): Uint8Array {
    this.expect(Uint8Array.of(tag));
    const end = this.#definiteEnd();
    const content = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return content;
  }

  /** Passes over exactly these bytes. */
  expect(expected: Uint8Array): void {
    for (const byte of expected) {
      if (this.#bytes[this.#offset++] !== byte) throw new BerError('not the expected bytes');
    }
  }

  /** End of the innermost element with a definite length, or of the input. */
  #limit(): number {
    return this.#open.findLast((end) => end !== null) ?? this.#bytes.length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset++];
    if (byte === undefined) throw new BerError('truncated');
    return byte;
  }

  #definiteEnd(): number {
    const first = this.#byte();
    let length = first;
    if (first === 0x81) length = this.#byte();
    else if (first === 0x82) length = this.#byte() * 0x100 + this.#byte();
    else if (first >= 0x80) throw new BerError('length form refused');
    const minimum = first === 0x82 ? 0x100 : first === 0x81 ? 0x80 : 0;
    if (length < minimum) throw new BerError('length not minimal');
    const end = this.#offset + length;
    if (end > this.#limit()) throw new BerError('length beyond the enclosing element');
    return end;
  }
}
