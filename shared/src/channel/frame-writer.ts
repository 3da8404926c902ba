import type { Duplex } from 'node:stream';
import { encodeFrame } from '../wire/frame.ts';

/** Writes frames to a stream, those of one turn of the event loop in a single system call. */
export class FrameWriter {
  readonly #stream: Duplex;
  #isCorked = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** @throws WireError FRAME_TOO_LARGE */
  write(payload: Uint8Array): void {
    const frame = encodeFrame(payload);
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#stream.cork();
      setImmediate(() => {
        this.#isCorked = false;
        this.#stream.uncork();
      });
    }
    this.#stream.write(frame);
  }

  /** Resolves once the peer has taken enough that more may be written, or the stream has ended. */
  async drained(): Promise<void> {
    if (!this.#stream.writableNeedDrain || this.#stream.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('close', done);
    });
  }
}
