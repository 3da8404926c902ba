/** Reads little-endian data front to back; fails with the error that its owner gave. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #fail: () => Error;
  #at = 0;

  constructor(bytes: Uint8Array, fail: () => Error) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw this.#fail();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** An unsigned integer of any width. */
  unsigned(length: number): bigint {
    let value = 0n;
    for (const byte of this.take(length).toReversed()) value = (value << 8n) | BigInt(byte);
    return value;
  }

  /**
   * Solana's compact-u16 ("short vec"): 7 bits a byte, low first, at most 3 bytes, shortest form only, as the runtime's
   * decoder demands (solana-short-vec, visit_byte).
   */
  compactU16(): number {
    let value = 0;
    for (let index = 0; index < 3; index += 1) {
      const byte = this.byte();
      value |= (byte & 0x7f) << (7 * index);
      const isAlias = byte === 0 && index > 0;
      if (isAlias || value > 0xffff) throw this.#fail();
      if (byte < 0x80) return value;
    }
    throw this.#fail();
  }
}
