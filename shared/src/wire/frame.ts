// TRUST BOUNDARY: stream bytes from the other side of the enclave's wall.
import { WireError } from './wire-error.ts';

/** Longest payload of a frame, and so the only size limit of the protocol: 1 MiB. */
export const MAX_FRAME_BYTES = 1 << 20;
const HEADER_BYTES = 4;
/** A header alone may not make the receiver reserve the whole length it claims. */
const FIRST_ALLOCATION_BYTES = 16 * 1024;

/**
 * Puts the 4-byte big-endian length before a payload.
 * @throws WireError FRAME_EMPTY, FRAME_TOO_LARGE
 */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  assertFrameLength(payload.length);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

function assertFrameLength(length: number): void {
  if (length === 0) throw new WireError('FRAME_EMPTY');
  if (length > MAX_FRAME_BYTES) throw new WireError('FRAME_TOO_LARGE');
}

/** Cuts a byte stream into payloads. Holds at most one unfinished frame, and no more memory than twice what arrived of it. */
export class FrameReader {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #length = 0;
  #body: Buffer = Buffer.alloc(0);
  #bodyFilled = 0;

  /**
   * Takes the next chunk and yields every payload that it completes. A payload may be a view into the chunk.
   * @throws WireError FRAME_EMPTY, FRAME_TOO_LARGE; the stream is then beyond repair
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#headerFilled < HEADER_BYTES) rest = this.#takeHeader(rest);
      if (this.#headerFilled < HEADER_BYTES) return;
      const missing = this.#length - this.#bodyFilled;
      if (this.#bodyFilled === 0 && rest.length >= missing) {
        this.#headerFilled = 0;
        yield rest.subarray(0, missing);
      } else {
        this.#append(rest.subarray(0, missing));
        if (this.#bodyFilled === this.#length) yield this.#takeBody();
      }
      rest = rest.subarray(missing);
    }
  }

  #takeHeader(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, HEADER_BYTES - this.#headerFilled);
    this.#header.set(taken, this.#headerFilled);
    this.#headerFilled += taken.length;
    if (this.#headerFilled === HEADER_BYTES) {
      this.#length = this.#header.readUInt32BE(0);
      assertFrameLength(this.#length);
    }
    return bytes.subarray(taken.length);
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#bodyFilled + bytes.length;
    if (needed > this.#body.length) {
      const grown = Buffer.alloc(
        Math.min(this.#length, Math.max(needed, 2 * this.#body.length, FIRST_ALLOCATION_BYTES)),
      );
      this.#body.copy(grown, 0, 0, this.#bodyFilled);
      this.#body = grown;
    }
    this.#body.set(bytes, this.#bodyFilled);
    this.#bodyFilled = needed;
  }

  #takeBody(): Uint8Array {
    const body = this.#body;
    this.#headerFilled = 0;
    this.#bodyFilled = 0;
    this.#body = Buffer.alloc(0);
    return body;
  }
}
