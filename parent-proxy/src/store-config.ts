import { readFileSync } from 'node:fs';
import { Secret } from './secrets.ts';
import type { StoreLocation } from './store/open-store.ts';
import {
  DEFAULT_POSTGRES_SETTINGS,
  type PostgresSettings,
  postgresTarget,
  type TargetProblem,
} from './store/postgres-settings.ts';

type Read = (name: string) => string | null;
/** Says what is wrong with a setting, by its name alone. */
type Fail = (name: string, problem: string) => never;

const PROBLEMS: Readonly<Record<TargetProblem, string>> = {
  'not-postgres': 'must be a postgres:// address',
  'unknown-parameter': 'may have no parameters but host and sslmode=verify-full',
  'weak-tls': 'asks for less than sslmode=verify-full, or for something else than STRONGROOM_DATABASE_TLS',
};
const MAX_CONNECTIONS = 1000;
const MAX_TIMEOUT_MS = 600_000;

/**
 * Where the databases are:
 * - `STRONGROOM_DATA_DIR`: directory of two SQLite files; or, for PostgreSQL,
 * - `STRONGROOM_PRIMARY_DATABASE_URL`, `STRONGROOM_VAULT_DATABASE_URL`: addresses with credentials; each may instead be the content of a
 *   file, named by the same setting with `_FILE` behind it
 * - `STRONGROOM_DATABASE_TLS`: `verify-full`, or `plaintext` for networks that are trusted; by default the first for every host but this one
 * - `STRONGROOM_DATABASE_CA_FILE`: PEM of the authorities that issued the servers' certificates; the public ones by default
 * - `STRONGROOM_DATABASE_CONNECTIONS` (20): of each database
 * - `STRONGROOM_DATABASE_STATEMENT_TIMEOUT_MS` (10000), `STRONGROOM_DATABASE_LOCK_TIMEOUT_MS` (5000), `STRONGROOM_DATABASE_IDLE_TIMEOUT_MS` (60000)
 */
export function readStoreLocation(read: Read, fail: Fail): StoreLocation {
  const directory = read('STRONGROOM_DATA_DIR');
  const primaryUrl = secretOf('STRONGROOM_PRIMARY_DATABASE_URL', read, fail);
  const vaultUrl = secretOf('STRONGROOM_VAULT_DATABASE_URL', read, fail);
  if (directory !== null && primaryUrl === null && vaultUrl === null) return { engine: 'sqlite', directory };
  if (directory !== null || primaryUrl === null || vaultUrl === null)
    return fail('STRONGROOM_DATA_DIR', 'or both STRONGROOM_*_DATABASE_URL must be set, and not all three');
  const settings = postgresSettings(read, fail);
  assertUsable('STRONGROOM_PRIMARY_DATABASE_URL', primaryUrl, settings, fail);
  assertUsable('STRONGROOM_VAULT_DATABASE_URL', vaultUrl, settings, fail);
  return { engine: 'postgres', primaryUrl, vaultUrl, settings };
}

function secretOf(name: string, read: Read, fail: Fail): Secret | null {
  const path = read(`${name}_FILE`);
  const value = read(name);
  if (path === null) return value === null ? null : new Secret(value);
  return value === null ? new Secret(fileOf(`${name}_FILE`, path, fail).trim()) : fail(name, 'is set twice');
}

function fileOf(name: string, path: string, fail: Fail): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fail(name, 'names a file that cannot be read');
  }
}

function postgresSettings(read: Read, fail: Fail): PostgresSettings {
  const tls = read('STRONGROOM_DATABASE_TLS');
  if (tls !== null && tls !== 'verify-full' && tls !== 'plaintext')
    return fail('STRONGROOM_DATABASE_TLS', 'must be verify-full or plaintext');
  const caFile = read('STRONGROOM_DATABASE_CA_FILE');
  const integer = (name: string, standard: number, max: number): number => {
    const text = read(name);
    if (text === null) return standard;
    const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : Number.NaN;
    return value >= 1 && value <= max ? value : fail(name, `must be an integer from 1 to ${max}`);
  };
  const timeout = (kind: string, standard: number) =>
    integer(`STRONGROOM_DATABASE_${kind}_TIMEOUT_MS`, standard, MAX_TIMEOUT_MS);
  const { maxConnections, statementTimeoutMs, lockTimeoutMs, idleTimeoutMs } = DEFAULT_POSTGRES_SETTINGS;
  return {
    tls,
    caPem: caFile === null ? null : fileOf('STRONGROOM_DATABASE_CA_FILE', caFile, fail),
    maxConnections: integer('STRONGROOM_DATABASE_CONNECTIONS', maxConnections, MAX_CONNECTIONS),
    statementTimeoutMs: timeout('STATEMENT', statementTimeoutMs),
    lockTimeoutMs: timeout('LOCK', lockTimeoutMs),
    idleTimeoutMs: timeout('IDLE', idleTimeoutMs),
  };
}

function assertUsable(name: string, url: Secret, settings: PostgresSettings, fail: Fail): void {
  const target = postgresTarget(url, settings);
  if (typeof target === 'string') fail(name, PROBLEMS[target]);
}
