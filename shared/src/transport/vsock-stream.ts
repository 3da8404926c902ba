import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import {
  EVENT_DATA,
  READABLE,
  type VsockAddon,
  type VsockSocket,
  VsockSystemError,
  WRITABLE,
} from './vsock-addon.ts';

const HIGH_WATER_MARK_BYTES = 64 * 1024;
/**
 * A socket that waits for room and has unread bytes is never reported by poll(2) once its peer is gone: it is not writable, and the kernel
 * keeps it connected for the bytes (virtio_transport_recv_connected). Sending again says EPIPE.
 */
const RESEND_INTERVAL_MS = 1000;
const { EAGAIN, EINPROGRESS, ENOTCONN, ETIMEDOUT } = constants.errno;

interface PendingWrite {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly done: (error?: Error | null) => void;
}

/**
 * A connected AF_VSOCK socket as a Duplex: back-pressure both ways (a reader that stops leaves the bytes in the peer's kernel),
 * half-close (`end()` ends the sending side only), and `destroy()` that closes the descriptor at once.
 */
export class VsockStream extends Duplex {
  /** CID of the peer, as the kernel reported it at accept or as it was dialled. */
  readonly remoteCid: number;
  readonly #socket: VsockSocket;
  #watched = 0;
  #pending: PendingWrite | null = null;
  #resend: NodeJS.Timeout | null = null;

  /** Takes over a connected socket. */
  constructor(socket: VsockSocket, remoteCid: number, allowHalfOpen: boolean) {
    super({ highWaterMark: HIGH_WATER_MARK_BYTES, decodeStrings: true, allowHalfOpen });
    this.remoteCid = remoteCid;
    this.#socket = socket;
    socket.onEvent((event, status, payload) => {
      if (event === EVENT_DATA) this.#received(status, payload);
      else this.#writable(status);
    });
  }

  override _read(): void {
    this.#watch(this.#watched | READABLE);
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send({ bytes: chunk, offset: 0, done });
  }

  override _writev(
    chunks: ReadonlyArray<{ readonly chunk: Uint8Array }>,
    done: (error?: Error | null) => void,
  ): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.#send({ bytes, offset: 0, done });
  }

  override _final(done: (error?: Error | null) => void): void {
    const result = this.#socket.shutdown();
    // A peer that has gone already needs no end from us; node:net treats it the same.
    done(result === 0 || result === -ENOTCONN ? null : new VsockSystemError('shutdown', result));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.close();
    this.#takePending()?.done(error ?? new VsockSystemError('write', -constants.errno.ECANCELED));
    done(error);
  }

  #watch(events: number): void {
    if (events === this.#watched) return;
    this.#watched = events;
    const result = this.#socket.watch(events);
    if (result !== 0) this.destroy(new VsockSystemError('poll', result));
  }

  #received(status: number, payload: unknown): void {
    if (status > 0) {
      if (!this.push(payload)) this.#watch(this.#watched & ~READABLE);
      return;
    }
    if (status < 0) {
      this.destroy(new VsockSystemError('read', status));
      return;
    }
    this.#watch(this.#watched & ~READABLE);
    this.push(null);
  }

  #writable(status: number): void {
    if (status < 0) {
      const error = this.#socket.error();
      this.destroy(new VsockSystemError('poll', error === 0 ? status : error));
      return;
    }
    this.#watch(this.#watched & ~WRITABLE);
    this.#sendPending();
  }

  #sendPending(): void {
    const pending = this.#takePending();
    if (pending !== null) this.#send(pending);
  }

  #takePending(): PendingWrite | null {
    const pending = this.#pending;
    this.#pending = null;
    if (this.#resend !== null) clearTimeout(this.#resend);
    this.#resend = null;
    return pending;
  }

  #wait(pending: PendingWrite): void {
    this.#pending = pending;
    this.#resend = setTimeout(() => this.#sendPending(), RESEND_INTERVAL_MS);
    this.#watch(this.#watched | WRITABLE);
  }

  #send({ bytes, offset, done }: PendingWrite): void {
    let sent = offset;
    while (sent < bytes.length) {
      const result = this.#socket.send(bytes, sent);
      if (result === -EAGAIN) {
        this.#wait({ bytes, offset: sent, done });
        return;
      }
      if (result < 0) {
        done(new VsockSystemError('write', result));
        return;
      }
      sent += result;
    }
    done();
  }
}

export interface VsockTarget {
  readonly cid: number;
  readonly port: number;
  /** Time that the peer has to accept. */
  readonly timeoutMs: number;
  /** As in node:net: false (the default) ends our side when the peer ends its own. */
  readonly allowHalfOpen?: boolean;
}

/**
 * Connects to a listening peer.
 * @throws VsockSystemError ETIMEDOUT after `timeoutMs`, ECONNRESET when nobody listens on the port, ENODEV without a vsock device
 */
export async function connectStream(addon: VsockAddon, target: VsockTarget): Promise<VsockStream> {
  const socket = new addon.VsockSocket();
  const result = socket.connect(target.cid, target.port, target.timeoutMs);
  if (result !== 0 && result !== -EINPROGRESS) throw new VsockSystemError('connect', result);
  if (result !== 0) await connected(socket, target.timeoutMs);
  return new VsockStream(socket, target.cid, target.allowHalfOpen ?? false);
}

function connected(socket: VsockSocket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (errno: number) => {
      socket.close();
      reject(new VsockSystemError('connect', errno));
    };
    const timer = setTimeout(() => fail(-ETIMEDOUT), timeoutMs);
    socket.onEvent((_event, status) => {
      clearTimeout(timer);
      const error = socket.error();
      socket.watch(0);
      if (error !== 0 || status < 0) fail(error === 0 ? status : error);
      else resolve();
    });
    socket.watch(WRITABLE);
  });
}
