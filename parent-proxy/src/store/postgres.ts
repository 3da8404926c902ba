import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { Pool, types } from 'pg';
import type { Secret } from '../secrets.ts';
import { type Engine, type PreparedStatement, retrySerialization, type Snapshot } from './engine.ts';
import {
  DEFAULT_POSTGRES_SETTINGS,
  type PostgresSettings,
  type PostgresTarget,
  postgresTarget,
} from './postgres-settings.ts';
import { StoreError, type StoreErrorCode } from './store-error.ts';

const CONNECT_TIMEOUT_MS = 5000;
/** The server's own timeouts come first; this one is for a server that no longer answers. */
const UNANSWERED_MS = 5000;
const INT8_OID = 20;

/** SQLSTATE (PostgreSQL appendix A) of what an operator or the store itself can act on. */
const CODES: Readonly<Record<string, StoreErrorCode>> = {
  '23503': 'STORE_REFERENCE_VIOLATION',
  '23505': 'STORE_UNIQUE_VIOLATION',
  '40001': 'STORE_SERIALIZATION',
  '40P01': 'STORE_SERIALIZATION',
  '25006': 'STORE_READ_ONLY',
  '28000': 'STORE_ACCESS_REFUSED',
  '28P01': 'STORE_ACCESS_REFUSED',
  '42501': 'STORE_ACCESS_REFUSED',
  '53100': 'STORE_FULL',
  '3D000': 'STORE_WRONG_DATABASE',
  '42P01': 'STORE_WRONG_DATABASE',
  XX001: 'STORE_CORRUPT',
  XX002: 'STORE_CORRUPT',
};

/** After these a session may stay as it is though the server has changed, for instance since another one writes now: the next call opens another. */
const SESSION_IS_SUSPECT: ReadonlySet<StoreErrorCode> = new Set(['STORE_READ_ONLY', 'STORE_UNAVAILABLE']);

/** A refused certificate has one of OpenSSL's codes or one of Node's. */
const TLS_CODE = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_)/;
/** What the driver says, without a code, to a server that answers that it has no TLS. */
const NO_TLS = 'The server does not support SSL connections';

/**
 * A database of a PostgreSQL server.
 * @throws StoreError STORE_TLS_REFUSED, STORE_WRONG_DATABASE for an address that `postgresTarget` finds fault with
 */
export function openPostgresEngine<Schema>(
  address: Secret,
  settings: PostgresSettings = DEFAULT_POSTGRES_SETTINGS,
): Engine<Schema> {
  const target = postgresTarget(address, settings);
  if (typeof target === 'string')
    throw new StoreError(target === 'weak-tls' ? 'STORE_TLS_REFUSED' : 'STORE_WRONG_DATABASE');
  const pool = openPool(target, settings);
  const builder = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: translating(pool) }) });
  return {
    dialect: 'postgres',
    builder,
    async read({ sql, name }: PreparedStatement, values) {
      return (await translated(() => pool.query({ name, text: sql, values }))).rows;
    },
    transaction: (act) => retrySerialization(() => builder.transaction().execute(act)),
    snapshot: (act) => lendSnapshot(pool, act),
    async eraseReplaced(tables) {
      // Of this store's own tables, so no text of anybody else gets into the statement.
      for (const table of tables) await translated(() => pool.query(`vacuum ${table}`));
      return true;
    },
    async close() {
      // A builder that was never used has not taken the pool over.
      await pool.end();
    },
  };
}

const SNAPSHOT_BATCH = 500;

/** One transaction that reads at REPEATABLE READ, by a cursor: the server keeps its view still and locks no row for it. */
async function lendSnapshot<T>(pool: Pool, act: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const client = await translated(() => pool.connect());
  const query = async (sql: string) => (await translated(() => client.query(sql, []))).rows as Row[];
  try {
    await query('begin isolation level repeatable read read only');
    // The view is of the first statement; between two of them the archive's own work may take its time.
    await query('set local idle_in_transaction_session_timeout = 0');
    await query('select kind from strongroom_database');
    const result = await act({
      async *rows(table, columns) {
        await query(`declare archived no scroll cursor for select ${columns.join(', ')} from ${table}`);
        for (;;) {
          const rows = await query(`fetch ${SNAPSHOT_BATCH} from archived`);
          for (const row of rows) yield columns.map((column) => row[column]);
          if (rows.length < SNAPSHOT_BATCH) break;
        }
        await query('close archived');
      },
    });
    await query('commit');
    client.release();
    return result;
  } catch (error) {
    // Its transaction goes with the connection.
    client.release(true);
    throw error;
  }
}

type Row = Readonly<Record<string, unknown>>;

function openPool({ url, ssl }: PostgresTarget, settings: PostgresSettings): Pool {
  const { maxConnections, statementTimeoutMs, lockTimeoutMs, idleTimeoutMs } = settings;
  const pool = new Pool({
    connectionString: url,
    ssl,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: idleTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + UNANSWERED_MS,
    keepAlive: true,
    application_name: 'strongroom',
    // Whatever the server's defaults: a commit is on its disk before it returns.
    options: '-c synchronous_commit=on -c default_transaction_isolation=read\\ committed',
    types: { getTypeParser: (oid, format) => (oid === INT8_OID ? Number : types.getTypeParser(oid, format)) },
  });
  // A connection that breaks while idle is replaced by the next query; one that breaks in a transaction fails its statement. Either would end
  // the process without a listener, and the pool listens only to those that are idle.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** The pool as Kysely sees it: everything that it throws is a StoreError. */
function translating(pool: Pool): PostgresPool {
  return {
    async connect() {
      const client = await translated(() => pool.connect());
      let isSuspect = false;
      const query = async (sql: string, values: readonly unknown[]) => {
        try {
          return await translated(() => client.query(sql, values));
        } catch (error) {
          isSuspect ||= SESSION_IS_SUSPECT.has((error as StoreError).code);
          throw error;
        }
      };
      return {
        query: query as never,
        release: (destroy?: boolean) => client.release(destroy === true || isSuspect),
      };
    },
    end: () => pool.end(),
    options: pool.options,
  };
}

async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new StoreError(codeOf(cause), { cause });
  }
}

function codeOf(cause: unknown): StoreErrorCode {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  if (message === NO_TLS) return 'STORE_TLS_REFUSED';
  if (typeof code !== 'string') return 'STORE_UNAVAILABLE';
  return CODES[code] ?? (TLS_CODE.test(code) ? 'STORE_TLS_REFUSED' : 'STORE_UNAVAILABLE');
}
