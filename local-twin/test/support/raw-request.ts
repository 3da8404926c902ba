import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';

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
  readonly allow: string | undefined;
  /** Base64. */
  readonly transferReceipt: string | undefined;
  readonly text: string;
}

const TIMEOUT_MS = 10_000;

/** The service kept a request without an answer. */
export class UnansweredError extends Error {}

/**
 * Sends one request on a connection of its own; nothing is added that was not asked for but `Host` and the body's length.
 * @throws UnansweredError after ten seconds; the error of the connection when it breaks before the whole answer is there
 */
export function sendRaw(baseUrl: string, { method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(baseUrl);
  // Node frames the body of a DELETE or GET only when it is told to.
  const length = body && headers?.['transfer-encoding'] === undefined ? Buffer.byteLength(body) : undefined;
  const sent = { ...headers, ...(length !== undefined && { 'content-length': length }) };
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, agent: false, headers: sent });
    outgoing.on('response', (incoming) => {
      readText(incoming).then((text) => {
        const { statusCode: status = 0, headers: received } = incoming;
        const transferReceipt = received['strongroom-transfer-receipt']?.toString();
        const { 'content-type': contentType, allow } = received;
        resolve({ status, contentType, allow, transferReceipt, text });
      }, reject);
    });
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new UnansweredError(`${method} ${path}`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function readText(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return text;
}
