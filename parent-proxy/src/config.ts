import { type RelayConfig, readRelayConfig } from '@strongroom/chain-relay/relay-config';
import { isAddressBlock } from './auth/allowed-ips.ts';
import type { RateLimits } from './auth/rate-limiter.ts';
import type { MetricsAddress } from './metrics/metrics-server.ts';
import { Secret } from './secrets.ts';
import type { StoreLocation } from './store/open-store.ts';
import { readStoreLocation } from './store-config.ts';

/** What the HTTP side of the proxy needs to know. */
export interface ProxyConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** `host[:port]`, lower case, as clients dial the service; null stands for 127.0.0.1 and localhost with the port listened on. */
  readonly authorities: readonly string[] | null;
  /** Whoever has one may create projects; without any, nobody may. */
  readonly enrolmentTokens: readonly Secret[];
  readonly rateLimits: RateLimits;
  /** Load balancers whose X-Forwarded-For is believed: addresses and CIDR blocks. */
  readonly trustedProxies: readonly string[];
  /** Told of recoveries; none when it is left out. */
  readonly recoveryWebhook?: Secret | null;
  /** Open requests about recovery that one address, and those about one project, may make in a minute; 60 when it is left out. */
  readonly recoveryRateLimit?: number;
  readonly relay: RelayConfig;
  /** For how long transactions are kept after they were settled; 90 days when it is left out. */
  readonly outboxRetentionMs?: number;
  /** Where the operator reads `GET /metrics`; off when it is left out. */
  readonly metrics?: MetricsAddress | null;
}

/** The whole configuration of a proxy in production. */
export interface ProductionConfig extends ProxyConfig {
  readonly store: StoreLocation;
  readonly enclave: { readonly cid: number; readonly port: number };
  readonly logLevel: string;
}

/** A setting that is missing or makes no sense; the message names the setting and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const MAX_RATE = 100_000_000;
const DAY_MS = 24 * 60 * 60_000;
/** Twice the life of an idempotency key, which leads to the transaction that its request made. */
const MIN_OUTBOX_RETENTION_DAYS = 2;
const MAX_OUTBOX_RETENTION_DAYS = 36_500;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const AUTHORITY = /^[a-z0-9.[\]:-]+$/;

/**
 * Reads the environment, once, at start:
 * - `STRONGROOM_HOST` (127.0.0.1), `STRONGROOM_PORT` (8787): where to listen
 * - `STRONGROOM_AUTHORITIES`: comma-separated `host[:port]` under which clients dial the service
 * - `STRONGROOM_ENROLMENT_TOKENS`: comma-separated secrets of at least 32 characters; none closes project creation
 * - `STRONGROOM_KEY_RATE_LIMIT` (5000), `STRONGROOM_PROJECT_RATE_LIMIT` (10000): requests per ten seconds
 * - `STRONGROOM_RECOVERY_RATE_LIMIT` (60): requests about recovery in a minute, of each address and about each project, at this proxy
 * - `STRONGROOM_TRUSTED_PROXIES`: comma-separated addresses and CIDR blocks of load balancers in front; none by default
 * - `STRONGROOM_DATA_DIR` for SQLite, or `STRONGROOM_PRIMARY_DATABASE_URL` and `STRONGROOM_VAULT_DATABASE_URL` for PostgreSQL: store-config.ts
 * - `STRONGROOM_ENCLAVE_CID` (16), `STRONGROOM_ENCLAVE_PORT` (5000): the enclave's vsock address
 * - `STRONGROOM_RPC_<NETWORK>`, `STRONGROOM_BUNDLER_<NETWORK>`, `STRONGROOM_TOKENS_<NETWORK>`, `STRONGROOM_PAYMASTER_HOSTS`: see docs/chain-relay.md; none by default
 * - `STRONGROOM_RECOVERY_WEBHOOK_URL`: https address that is told of recoveries as they start, end and are vetoed; none by default
 * - `STRONGROOM_OUTBOX_RETENTION_DAYS` (90): how long sent transactions are kept after they were settled; at least 2
 * - `STRONGROOM_METRICS_PORT`, `STRONGROOM_METRICS_HOST` (127.0.0.1): where `GET /metrics` is served, to the operator alone; off by default
 * - `STRONGROOM_LOG_LEVEL` (info)
 * Credentials for KMS come from AWS's own chain with its own settings (enclave/aws-credentials.ts).
 * @throws ConfigError
 */
export function readConfig(environment: NodeJS.ProcessEnv): ProductionConfig {
  const read = (name: string): string | null => environment[name] || null;
  return {
    host: read('STRONGROOM_HOST') ?? '127.0.0.1',
    port: integerOf('STRONGROOM_PORT', read('STRONGROOM_PORT') ?? '8787', 65_535),
    authorities: authoritiesOf(read('STRONGROOM_AUTHORITIES')),
    enrolmentTokens: enrolmentTokensOf(read('STRONGROOM_ENROLMENT_TOKENS')),
    rateLimits: {
      perKey: integerOf('STRONGROOM_KEY_RATE_LIMIT', read('STRONGROOM_KEY_RATE_LIMIT') ?? '5000', MAX_RATE),
      perProject: integerOf(
        'STRONGROOM_PROJECT_RATE_LIMIT',
        read('STRONGROOM_PROJECT_RATE_LIMIT') ?? '10000',
        MAX_RATE,
      ),
    },
    recoveryRateLimit: integerOf(
      'STRONGROOM_RECOVERY_RATE_LIMIT',
      read('STRONGROOM_RECOVERY_RATE_LIMIT') ?? '60',
      MAX_RATE,
    ),
    trustedProxies: trustedProxiesOf(read('STRONGROOM_TRUSTED_PROXIES')),
    relay: readRelayConfig(read, fail),
    outboxRetentionMs: retentionMsOf(read('STRONGROOM_OUTBOX_RETENTION_DAYS') ?? '90'),
    recoveryWebhook: webhookOf(read('STRONGROOM_RECOVERY_WEBHOOK_URL')),
    store: readStoreLocation(read, fail),
    enclave: {
      cid: integerOf('STRONGROOM_ENCLAVE_CID', read('STRONGROOM_ENCLAVE_CID') ?? '16', 0xffff_ffff),
      port: integerOf('STRONGROOM_ENCLAVE_PORT', read('STRONGROOM_ENCLAVE_PORT') ?? '5000', 0xffff_ffff),
    },
    metrics: metricsOf(read),
    logLevel: logLevelOf(read('STRONGROOM_LOG_LEVEL') ?? 'info'),
  };
}

function fail(name: string, problem: string): never {
  throw new ConfigError(`${name} ${problem}.`);
}

function integerOf(name: string, text: string, max: number): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value <= max ? value : fail(name, `must be an integer up to ${max}`);
}

function retentionMsOf(text: string): number {
  const name = 'STRONGROOM_OUTBOX_RETENTION_DAYS';
  const days = integerOf(name, text, MAX_OUTBOX_RETENTION_DAYS);
  return days >= MIN_OUTBOX_RETENTION_DAYS
    ? days * DAY_MS
    : fail(name, `must be at least ${MIN_OUTBOX_RETENTION_DAYS}`);
}

function authoritiesOf(text: string | null): readonly string[] | null {
  if (text === null) return null;
  const authorities = text.split(',').map((authority) => authority.trim());
  const isValid = authorities.every((authority) => AUTHORITY.test(authority));
  return isValid
    ? authorities
    : fail('STRONGROOM_AUTHORITIES', 'must be a list of host[:port] in lower case');
}

function trustedProxiesOf(text: string | null): readonly string[] {
  const blocks = text === null ? [] : text.split(',').map((block) => block.trim());
  return blocks.every(isAddressBlock)
    ? blocks
    : fail('STRONGROOM_TRUSTED_PROXIES', 'must be a list of addresses and CIDR blocks');
}

function metricsOf(read: (name: string) => string | null): MetricsAddress | null {
  const port = read('STRONGROOM_METRICS_PORT');
  if (port === null) return null;
  return {
    host: read('STRONGROOM_METRICS_HOST') ?? '127.0.0.1',
    port: integerOf('STRONGROOM_METRICS_PORT', port, 65_535),
  };
}

function webhookOf(text: string | null): Secret | null {
  if (text === null) return null;
  const isUsable = URL.canParse(text) && new URL(text).protocol === 'https:';
  return isUsable ? new Secret(text) : fail('STRONGROOM_RECOVERY_WEBHOOK_URL', 'must be an https address');
}

const MIN_ENROLMENT_TOKEN_CHARS = 32;

function enrolmentTokensOf(text: string | null): readonly Secret[] {
  const tokens = text === null ? [] : text.split(',').map((token) => token.trim());
  if (tokens.some((token) => token.length < MIN_ENROLMENT_TOKEN_CHARS)) {
    fail('STRONGROOM_ENROLMENT_TOKENS', `must have at least ${MIN_ENROLMENT_TOKEN_CHARS} characters each`);
  }
  return tokens.map((token) => new Secret(token));
}

function logLevelOf(text: string): string {
  return LOG_LEVELS.includes(text)
    ? text
    : fail('STRONGROOM_LOG_LEVEL', `must be one of ${LOG_LEVELS.join(', ')}`);
}
