// TRUST BOUNDARY: HTTP requests on the operator's port.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { listen } from '../listen.ts';

const REQUEST_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 16;

/** Where the operator's Prometheus finds the metrics. */
export interface MetricsAddress {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics` in Prometheus's text format, on a listener of its own: what clients reach has no such path.
 * @throws ListenError when the port is taken
 */
export async function startMetricsServer(
  address: MetricsAddress,
  registry: Registry,
): Promise<MetricsServer> {
  collectDefaultMetrics({ register: registry });
  const server = createServer({ maxHeaderSize: 8192 }, serve(registry));
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  return {
    port: await listen(server, address),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function serve(registry: Registry): RequestListener {
  return (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}
