import { isIP } from 'node:net';
import type { Secret } from '../secrets.ts';

/** Whether connections to a server are encrypted; null encrypts all but those that stay on this machine. */
export type PostgresTls = 'verify-full' | 'plaintext' | null;

/** How the two databases are reached, beyond their addresses. */
export interface PostgresSettings {
  readonly tls: PostgresTls;
  /** Certificates, PEM, of the authorities that may have issued the servers'; null for the public ones that Node knows. */
  readonly caPem: string | null;
  /** Of each database and process. */
  readonly maxConnections: number;
  /** How long one statement may run, and a transaction may wait for the next one. */
  readonly statementTimeoutMs: number;
  /** How long a statement may wait for a lock. */
  readonly lockTimeoutMs: number;
  /** After which a connection that is not used is closed. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_POSTGRES_SETTINGS: PostgresSettings = {
  tls: null,
  caPem: null,
  maxConnections: 20,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 5000,
  idleTimeoutMs: 60_000,
};

/** TLS of one connection, as Node's `tls.connect` takes it. */
export interface TlsOptions {
  readonly rejectUnauthorized: true;
  readonly minVersion: 'TLSv1.2';
  readonly ca?: string;
}

export interface PostgresTarget {
  /** Without the parameters that would let the address decide about TLS. May carry the password. */
  readonly url: string;
  readonly ssl: TlsOptions | false;
}

/** What is wrong with an address; never the address, which may carry the password. */
export type TargetProblem = 'not-postgres' | 'unknown-parameter' | 'weak-tls';

/** Anything else in the address could take back what the settings say. */
const PARAMETERS: ReadonlySet<string> = new Set(['host', 'sslmode']);

/**
 * Decides about TLS by the settings: `sslmode` in the address may ask for what holds anyway (`verify-full`), and for nothing less.
 * @returns the problem, when there is one
 */
export function postgresTarget(
  url: Secret,
  { tls, caPem }: Pick<PostgresSettings, 'tls' | 'caPem'>,
): PostgresTarget | TargetProblem {
  const text = url.reveal();
  if (!URL.canParse(text)) return 'not-postgres';
  const parsed = new URL(text);
  if (!/^postgres(?:ql)?:$/.test(parsed.protocol)) return 'not-postgres';
  if ([...parsed.searchParams.keys()].some((name) => !PARAMETERS.has(name))) return 'unknown-parameter';
  const modes = parsed.searchParams.getAll('sslmode');
  if (modes.some((mode) => mode !== 'verify-full')) return 'weak-tls';
  parsed.searchParams.delete('sslmode');
  const isAsked = tls === 'verify-full' || modes.length > 0;
  if (isAsked && tls === 'plaintext') return 'weak-tls';
  const isEncrypted = isAsked || (tls === null && !isLocal(parsed));
  const ca = caPem === null ? {} : { ca: caPem };
  return { url: parsed.href, ssl: isEncrypted && { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...ca } };
}

/** Loopback addresses, the name that always stands for them, and sockets in the file system. */
function isLocal({ hostname, searchParams }: URL): boolean {
  // Of several parameters the driver takes the last; without any host, one from its own environment.
  const host = searchParams.getAll('host').at(-1) || decodeURIComponent(hostname).replace(/^\[|\]$/g, '');
  if (host.startsWith('/') || host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
