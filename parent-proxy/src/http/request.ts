// TRUST BOUNDARY: HTTP requests, from anybody.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { RequestError } from '../request-error.ts';
import type { Principal } from '../store/store.ts';

/** A request whose route is known; nothing else about it is. */
export interface OpenRequest {
  /** Names the request in logs and in error answers. */
  readonly correlationId: string;
  readonly method: string;
  /** As the client dialed it, without the query: what its tokens are made over. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** What the route's `:name` parts matched, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Empty for GET. */
  readonly body: Uint8Array;
}

/** A request of an API key that signed method, authority and path. */
export interface ProjectRequest extends OpenRequest {
  readonly principal: Principal;
  readonly bearerToken: string;
}

/** What is sent. The body is JSON unless `contentType` says otherwise. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array | string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Half a frame; the rows that go to the enclave beside it need the other half. */
export const MAX_BODY_BYTES = 512 * 1024;
const EMPTY = new Uint8Array(0);
/** With any parameters, of which `charset` can only be what JSON is in (RFC 8259 section 8.1). */
const JSON_TYPE =
  /^application\/json(?:\s*;\s*(?:charset=(?:utf-8|"utf-8")|(?!charset=)[\w-]+=(?:[\w-]+|"[^"]*")))*\s*$/i;

/**
 * Reads the body of a POST or PUT and stops at the limit. GET and DELETE come with a content type and no body; none is looked for.
 * @throws RequestError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST when the client hangs up
 */
export async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  if (incoming.method !== 'POST' && incoming.method !== 'PUT') return EMPTY;
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY_BYTES)
    throw new RequestError('PAYLOAD_TOO_LARGE');
  const body = await readUpTo(incoming, MAX_BODY_BYTES);
  if (body.length > 0 && !JSON_TYPE.test(incoming.headers['content-type'] ?? '')) {
    throw new RequestError('UNSUPPORTED_MEDIA_TYPE');
  }
  return body;
}

function readUpTo(incoming: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) finish(() => reject(new RequestError('PAYLOAD_TOO_LARGE')));
      else chunks.push(chunk);
    };
    const onEnd = () =>
      finish(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const onBroken = () => finish(() => reject(new RequestError('INVALID_REQUEST')));
    const finish = (settle: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      settle();
    };
    incoming.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

/** One value of a header that may not be repeated. */
export function headerOf(request: OpenRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? undefined : value;
}
