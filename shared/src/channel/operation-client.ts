import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { isErrorCode } from '../error-code.ts';
import type { Operation, RequestOf, ResponseOf } from '../operations/operation.ts';
import type { CborValue } from '../wire/cbor.ts';
import { decodeResponse, encodeRequest, type ResponseEnvelope } from '../wire/envelope.ts';
import { FrameReader } from '../wire/frame.ts';
import { FrameWriter } from './frame-writer.ts';
import { OperationError } from './operation-error.ts';

interface PendingCall {
  readonly settle: (response: ResponseEnvelope) => void;
  readonly fail: (error: OperationError) => void;
}

export interface OperationClientOptions {
  /** Opens a stream to the enclave; called again after a connection was lost. */
  readonly connect: () => Promise<Duplex>;
  /** Requests in flight beyond which a call is refused at once. */
  readonly maxInFlight: number;
  readonly deadlineMs: number;
  /** Told of each new connection, before any call uses it. */
  readonly onConnected?: () => void;
}

/** Calls operations over one multiplexed connection. */
export interface OperationClient {
  /**
   * @throws OperationError with the enclave's code, or CONNECTION_LOST, DEADLINE_EXCEEDED, OVERLOADED, INVALID_MESSAGE
   */
  call<O extends Operation>(operation: O, request: RequestOf<O>, deadlineMs?: number): Promise<ResponseOf<O>>;
  /** Drops the connection: what is in flight fails with CONNECTION_LOST, the next call makes another one. */
  disconnect(): void;
  close(): void;
}

/** Makes a client that connects at the first call and again after a connection is lost; it never repeats a request by itself. */
export function createOperationClient(options: OperationClientOptions): OperationClient {
  let connection: Promise<ClientConnection> | null = null;
  let isClosed = false;

  async function connected(): Promise<ClientConnection> {
    if (isClosed) throw new OperationError('CONNECTION_LOST');
    connection ??= open();
    return await connection;
  }

  async function open(): Promise<ClientConnection> {
    try {
      const stream = await options.connect();
      const opened = new ClientConnection(stream, () => {
        connection = null;
      });
      options.onConnected?.();
      return opened;
    } catch (cause) {
      connection = null;
      throw new OperationError('CONNECTION_LOST', { cause });
    }
  }

  function drop(): void {
    connection?.then((open) => open.destroy()).catch(() => undefined);
  }

  return {
    async call(operation, request, deadlineMs = options.deadlineMs) {
      const open = await connected();
      if (open.inFlight >= options.maxInFlight) throw new OperationError('OVERLOADED');
      const response = await open.request(operation.name, request as CborValue, deadlineMs);
      if ('err' in response) {
        const { code, http } = response.err;
        // Codes become lines of logs and labels of metrics, so one that nobody knows is none.
        if (!isErrorCode(code)) throw new OperationError('INVALID_MESSAGE');
        throw new OperationError(code, { http });
      }
      const parsed = v.safeParse(operation.response, response.ok);
      if (!parsed.success) throw new OperationError('INVALID_MESSAGE');
      return parsed.output as ResponseOf<typeof operation>;
    },
    disconnect: drop,
    close() {
      isClosed = true;
      drop();
    },
  };
}

class ClientConnection {
  readonly #stream: Duplex;
  readonly #writer: FrameWriter;
  readonly #reader = new FrameReader();
  readonly #pending = new Map<number, PendingCall>();
  readonly #onLost: () => void;
  #nextId = 1;
  #isLost = false;

  constructor(stream: Duplex, onLost: () => void) {
    this.#stream = stream;
    this.#writer = new FrameWriter(stream);
    this.#onLost = onLost;
    stream.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    stream.on('error', (cause) => this.#lose(cause));
    stream.on('end', () => this.#lose());
    stream.on('close', () => this.#lose());
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  request(op: string, body: CborValue, deadlineMs: number): Promise<ResponseEnvelope> {
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    const payload = encodeRequest({ id, op, body });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new OperationError('DEADLINE_EXCEEDED'));
      }, deadlineMs);
      const done = (act: () => void) => {
        clearTimeout(timer);
        this.#pending.delete(id);
        act();
      };
      this.#pending.set(id, {
        settle: (response) => done(() => resolve(response)),
        fail: (error) => done(() => reject(error)),
      });
      this.#writer.write(payload);
    });
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const payload of this.#reader.push(chunk)) {
        const response = decodeResponse(payload);
        // An answer after its deadline finds nobody waiting; an answer to no request at all ends the connection.
        if (response.id === 0) throw new OperationError('INVALID_MESSAGE');
        this.#pending.get(response.id)?.settle(response);
      }
    } catch (cause) {
      this.#lose(cause);
      this.#stream.destroy();
    }
  }

  /** Told of it again, after the next connection was made, whoever listens would take that for lost. */
  #lose(cause?: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#onLost();
    for (const call of [...this.#pending.values()])
      call.fail(new OperationError('CONNECTION_LOST', { cause }));
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
