import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Dialer } from '@strongroom/shared/transport/connection';
import type { Logger } from 'pino';
import { type AuditLog, createAuditLog } from './audit-events.ts';
import type { ProxyConfig } from './config.ts';
import type { CredentialSource } from './enclave/credentials.ts';
import type { Enclave } from './enclave/enclave.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createApp } from './http/app.ts';
import { answerBelowRoutes, refuseMalformed } from './http/below-routes.ts';
import { listen } from './listen.ts';
import { measureStore } from './metrics/measured-store.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { type MetricsServer, startMetricsServer } from './metrics/metrics-server.ts';
import { startServices } from './start-services.ts';
import type { Store } from './store/store.ts';
import { startUserOperationRounds } from './user-operation-rounds.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the idle time of common load balancers (60 s), so that it is never the server that hangs up first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const MAX_HEADER_BYTES = 16 * 1024;
const CLOSE_GRACE_MS = 10_000;

export interface ProxyOptions {
  readonly config: ProxyConfig;
  /** Closed with the proxy. */
  readonly store: Store;
  /** Reaches the enclave: AF_VSOCK in production, TCP for developers. */
  readonly dialer: Dialer;
  readonly credentials: CredentialSource;
  readonly log: Logger;
  readonly nowMs?: () => number;
}

/** A running proxy. */
export interface ParentProxy {
  readonly port: number;
  /** Of `GET /metrics`; null when it is off. */
  readonly metricsPort: number | null;
  readonly enclave: Enclave;
  /** Takes no new requests, lets those in work finish, and closes the store. */
  close(): Promise<void>;
}

/** Composes the proxy: the same function for production, developers and tests. @throws ListenError when a port is taken */
export async function startProxy(options: ProxyOptions): Promise<ParentProxy> {
  const { config, dialer, credentials, log, nowMs = Date.now } = options;
  const audit = createAuditLog(log);
  const metrics = createMetrics();
  const store = measureStore(options.store, metrics);
  // Node's own answer to a request without Host has no body; the listener's has.
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false });
  answerBelowRoutes(server, audit);
  // The operator's first: clients reach nothing before all of it is there.
  const metricsServer = await metricsServerOf(config, metrics.registry);
  const port = await listenForClients(server, config);
  const authorities = config.authorities ?? [`127.0.0.1:${port}`, `localhost:${port}`];
  const basis = { store, audit, metrics, nowMs };
  const running = startServices({ config, dialer, credentials, authorities }, basis);
  const { enclave, relay } = running.services;
  hand(server, createApp(running.services), { metrics, audit });
  const housekeeping = startHousekeeping(store, {
    audit,
    nowMs,
    ...(config.outboxRetentionMs !== undefined && { outboxRetentionMs: config.outboxRetentionMs }),
  });
  relay.outbox.start();
  const userOperations = startUserOperationRounds({ store, relay, audit, nowMs });
  audit.serviceStarted(port);
  return {
    port,
    metricsPort: metricsServer?.port ?? null,
    enclave,
    async close() {
      housekeeping.stop();
      await closeServer(server);
      await metricsServer?.close();
      await running.stop();
      await userOperations.stop();
      await store.close();
      audit.serviceStopped();
    },
  };
}

/** Hands the server's requests to the routes, and counts those that never get there. */
function hand(
  server: Server,
  app: ReturnType<typeof createApp>,
  { metrics, audit }: { readonly metrics: Metrics; readonly audit: AuditLog },
): void {
  const { httpMalformed } = metrics;
  server.on('clientError', httpMalformed);
  const listener = getRequestListener(app.fetch, {
    errorHandler() {
      httpMalformed();
      return refuseMalformed(audit);
    },
  });
  server.on('request', (incoming, outgoing) => void listener(incoming, outgoing));
}

async function metricsServerOf(
  { metrics }: ProxyConfig,
  registry: Parameters<typeof startMetricsServer>[1],
): Promise<MetricsServer | null> {
  return metrics === undefined || metrics === null ? null : await startMetricsServer(metrics, registry);
}

async function listenForClients(server: Server, config: ProxyConfig): Promise<number> {
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  return await listen(server, config);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(force);
}
