import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP forward proxy between a client and the service that can hang up on its client. */
export interface UnreliableRelay extends AsyncDisposable {
  readonly url: string;
  /** Requests that reached the service. */
  readonly forwarded: readonly IncomingMessage[];
  /** Hangs up once: before the service learns of the next request, or instead of handing on its answer. */
  hangUpOnce(when: 'before-request' | 'before-answer'): void;
}

export async function startUnreliableRelay(): Promise<UnreliableRelay> {
  const forwarded: IncomingMessage[] = [];
  let hangUp: 'before-request' | 'before-answer' | null = null;

  function relay(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const planned = hangUp;
    hangUp = null;
    if (planned === 'before-request') {
      incoming.socket.destroy();
      return;
    }
    forwarded.push(incoming);
    const { method = 'GET', url = '', headers } = incoming;
    const onward = request(url, { method, headers }, (answer) => {
      if (planned === 'before-answer') {
        answer.resume();
        answer.on('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  }

  const server = createServer(relay).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwarded,
    hangUpOnce(when) {
      hangUp = when;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
