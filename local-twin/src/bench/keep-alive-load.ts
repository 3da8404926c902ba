import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a batch of requests took. */
export interface LoadResult {
  readonly elapsedMs: number;
  /** Of each request, in the order of the answers. */
  readonly latenciesMs: Float64Array;
}

/**
 * Sends ready-made HTTP requests over so many keep-alive connections, one at a time on each. A client of bare sockets, because what a
 * full HTTP client costs would be taken from the two cores that are to be measured.
 * @throws Error for any answer but 200
 */
export async function sendAll(
  port: number,
  requests: readonly Uint8Array[],
  connections: number,
): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const latenciesMs = new Float64Array(requests.length);
  let sent = 0;
  let answered = 0;
  const startedMs = performance.now();
  const next = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentMs = 0;
      const send = () => {
        const request = requests[sent];
        if (request === undefined) {
          resolve();
          return;
        }
        sent += 1;
        sentMs = performance.now();
        socket.write(request);
      };
      const reader = new AnswerReader((status, text) => {
        if (status !== 200) {
          reject(new Error(`a request was answered ${status}: ${text.slice(0, 300)}`));
          return;
        }
        latenciesMs[answered++] = performance.now() - sentMs;
        send();
      });
      socket.on('data', (chunk: Buffer) => reader.push(chunk));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the proxy closed a connection')));
      send();
    });
  try {
    await Promise.all(sockets.map(next));
    return { elapsedMs: performance.now() - startedMs, latenciesMs };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Finds where an answer of known length ends. There is one in flight per connection, so nothing follows it. */
class AnswerReader {
  readonly #onAnswer: (status: number, text: string) => void;
  #received: Buffer = Buffer.alloc(0);

  constructor(onAnswer: (status: number, text: string) => void) {
    this.#onAnswer = onAnswer;
  }

  push(chunk: Buffer): void {
    const received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = received.toString('latin1', 0, headEnd);
    const bodyAt = headEnd + HEAD_END.length;
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error('an answer has no length');
    if (received.length < bodyAt + Number(length)) return;
    this.#received = Buffer.alloc(0);
    this.#onAnswer(Number(head.slice(9, 12)), received.toString('utf8', bodyAt));
  }
}
