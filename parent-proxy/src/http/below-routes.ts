// TRUST BOUNDARY: bytes on the service's port that Node does not hand on as a request with a route.
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorAnswer } from '@strongroom/shared/api/error-response';
import type { AuditLog } from '../audit-events.ts';
import { nextCorrelationId } from './correlation-id.ts';

const STATUS_OF_CODE: ReadonlyMap<unknown, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Content Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

type Refused = Pick<AuditLog, 'requestRefused'>;

/** Answers in JSON what Node would answer without a body: no HTTP, CONNECT, and an `Expect` that nobody knows. */
export function answerBelowRoutes(server: Server, audit: Refused): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) =>
    end(socket, STATUS_OF_CODE.get(error.code) ?? '400 Bad Request', refusalBody(audit, error.code)),
  );
  server.on('connect', (_request, socket: Duplex) =>
    end(socket, '405 Method Not Allowed', refusalBody(audit, 'CONNECT')),
  );
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const body = refusalBody(audit, 'EXPECT');
    // The body that was announced is not read, so the connection cannot go on.
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      connection: 'close',
    };
    response.writeHead(417, headers).end(body);
  });
}

/** A request whose target or Host header is broken never reaches a route. */
export function refuseMalformed(audit: Refused): Response {
  const body = refusalBody(audit, 'TARGET_OR_HOST') as Uint8Array<ArrayBuffer>;
  return new Response(body, { status: 400, headers: { 'content-type': 'application/json' } });
}

function refusalBody(audit: Refused, reason: string | undefined): Uint8Array {
  const correlationId = nextCorrelationId();
  audit.requestRefused(correlationId, 'INVALID_REQUEST', reason);
  return errorAnswer('INVALID_REQUEST', undefined, correlationId).body;
}

/** Long enough for an answer to arrive before the connection is reset under what the client still sends. */
const LINGER_MS = 2000;

function end(socket: Duplex, status: string, body: Uint8Array): void {
  // Node has taken its own listener off: a reset would otherwise end the process.
  socket.on('error', () => socket.destroy());
  if (!socket.writable) return void socket.destroy();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.resume();
  const head = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Type: application/json'];
  const length = `Content-Length: ${body.length}\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from([...head, length].join('\r\n')), body]));
}
