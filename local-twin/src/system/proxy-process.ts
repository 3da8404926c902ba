// The twin's composition root of the proxy: production code on TCP, with the twin's credentials.
import { NO_RELAY, type RelayConfig } from '@strongroom/chain-relay/relay-config';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { pino } from 'pino';
import type { RateLimits } from '../../../parent-proxy/src/auth/rate-limiter.ts';
import { staticCredentials } from '../../../parent-proxy/src/enclave/credentials.ts';
import { Secret } from '../../../parent-proxy/src/secrets.ts';
import { startProxy } from '../../../parent-proxy/src/start-proxy.ts';
import { StoreError } from '../../../parent-proxy/src/store/store-error.ts';
import { announce, giveUp, receiveOptions } from './child.ts';
import { TWIN_CREDENTIALS } from './twin-configuration.ts';
import { openTwinStore, type TwinStoreLocation } from './twin-store.ts';

export interface ProxyProcessOptions {
  readonly store: TwinStoreLocation;
  /** 0 takes a free port. */
  readonly port: number;
  readonly enclavePort: number;
  readonly enrolmentToken: string;
  readonly rateLimits: RateLimits;
  /** A minute; many when it is left out. */
  readonly recoveryRateLimit?: number;
  readonly trustedProxies: readonly string[];
  /** Address that is told of recoveries; none by default. */
  readonly recoveryWebhook?: string;
  readonly logLevel: string;
  /** Nodes of chains; none by default. */
  readonly relay?: RelayConfig;
  /** Of `GET /metrics`; off when it is left out, 0 takes a free one. */
  readonly metricsPort?: number | null;
}

/** What the twin asks of its proxy as an operator would by hand. */
export type ProxyCommand = 'settle' | 'run-genesis';
export interface ProxyAnswer {
  readonly command: ProxyCommand;
  readonly phase: string | null;
  /** Code of the refusal that kept the enclave from where it was to go. */
  readonly error: string | null;
}

const options = await receiveOptions<ProxyProcessOptions>();
const { store, metricsPort = null } = options;
const { accessKeyId, secretAccessKey } = TWIN_CREDENTIALS;
const proxy = await startProxy({
  config: {
    host: '127.0.0.1',
    port: options.port,
    authorities: null,
    enrolmentTokens: [new Secret(options.enrolmentToken)],
    rateLimits: options.rateLimits,
    recoveryRateLimit: options.recoveryRateLimit ?? 100_000,
    ...(options.recoveryWebhook !== undefined && { recoveryWebhook: new Secret(options.recoveryWebhook) }),
    relay: options.relay ?? NO_RELAY,
    trustedProxies: options.trustedProxies,
    metrics: metricsPort === null ? null : { host: '127.0.0.1', port: metricsPort },
  },
  store: await openTwinStore(store).catch((error: unknown) => {
    if (error instanceof StoreError) return giveUp(error.code);
    throw error;
  }),
  dialer: tcpDialer(options.enclavePort),
  credentials: staticCredentials({ accessKeyId, secretAccessKey, sessionToken: null }),
  log: pino({ level: options.logLevel, base: null }),
});

process.on('message', (command: ProxyCommand) => void answer(command));
process.on('SIGTERM', () => void proxy.close().then(() => process.exit(0)));
announce(proxy.port, proxy.metricsPort);

async function answer(command: ProxyCommand): Promise<void> {
  let error: string | null = null;
  const refused = (cause: unknown) => {
    error ??= cause instanceof OperationError ? cause.code : String(cause);
    return null;
  };
  if (command === 'run-genesis') await proxy.enclave.runGenesis().catch(refused);
  const status = await proxy.enclave.settle().catch(refused);
  process.send?.({ command, phase: status?.phase ?? null, error } satisfies ProxyAnswer);
}
