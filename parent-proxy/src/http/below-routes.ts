// TRUST BOUNDARY: bytes on the service's port that Node does not hand on as a request with a route.
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorAnswer } from '@strongroom/shared/api/error-response';

const { body: BODY } = errorAnswer('INVALID_REQUEST');
const STATUS_OF_CODE: ReadonlyMap<unknown, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Content Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** Answers in JSON what Node would answer without a body: no HTTP, CONNECT, and an `Expect` that nobody knows. */
export function answerBelowRoutes(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) =>
    end(socket, STATUS_OF_CODE.get(error.code) ?? '400 Bad Request'),
  );
  server.on('connect', (_request, socket: Duplex) => end(socket, '405 Method Not Allowed'));
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    // The body that was announced is not read, so the connection cannot go on.
    const headers = {
      'content-type': 'application/json',
      'content-length': BODY.length,
      connection: 'close',
    };
    response.writeHead(417, headers).end(BODY);
  });
}

/** A request whose target or Host header is broken never reaches a route. */
export function refuseMalformed(): Response {
  const { status, body } = errorAnswer('INVALID_REQUEST');
  const headers = { 'content-type': 'application/json' };
  return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
}

/** Long enough for an answer to arrive before the connection is reset under what the client still sends. */
const LINGER_MS = 2000;

function end(socket: Duplex, status: string): void {
  // Node has taken its own listener off: a reset would otherwise end the process.
  socket.on('error', () => socket.destroy());
  if (!socket.writable) return void socket.destroy();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.resume();
  const head = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Type: application/json'];
  const length = `Content-Length: ${BODY.length}\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from([...head, length].join('\r\n')), BODY]));
}
