import { type OutgoingHttpHeaders, request } from 'node:http';

export interface RawRequest {
  readonly method: string;
  /** Sent as it is. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
}

const TIMEOUT_MS = 10_000;

/** Sends one request on a connection of its own; nothing is added that was not asked for but `Host` and the body's length. */
export function sendRaw(baseUrl: string, { method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, method, path, agent: false, ...(headers && { headers }) },
      async (incoming) => {
        let text = '';
        for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
        resolve({ status: incoming.statusCode ?? 0, contentType: incoming.headers['content-type'], text });
      },
    );
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error('the service did not answer')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
