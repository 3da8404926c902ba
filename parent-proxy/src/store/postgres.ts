import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { Pool, types } from 'pg';
import { type Engine, type PreparedStatement, retrySerialization } from './engine.ts';
import { StoreError, type StoreErrorCode } from './store-error.ts';

const MAX_CONNECTIONS = 20;
const CONNECT_TIMEOUT_MS = 5000;
const LOCK_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** The server's own timeouts come first; this one is for a server that no longer answers. */
const QUERY_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 60_000;
const INT8_OID = 20;

/** SQLSTATE (PostgreSQL appendix A) of what an operator or the store itself can act on. */
const CODES: Readonly<Record<string, StoreErrorCode>> = {
  '23503': 'STORE_REFERENCE_VIOLATION',
  '23505': 'STORE_UNIQUE_VIOLATION',
  '40001': 'STORE_SERIALIZATION',
  '40P01': 'STORE_SERIALIZATION',
  '25006': 'STORE_READ_ONLY',
  '53100': 'STORE_FULL',
  '3D000': 'STORE_WRONG_DATABASE',
  '42P01': 'STORE_WRONG_DATABASE',
  XX001: 'STORE_CORRUPT',
  XX002: 'STORE_CORRUPT',
};

/** A database of a PostgreSQL server. `url` may carry the password, so it goes nowhere but into the pool. */
export function openPostgresEngine<Schema>(url: string): Engine<Schema> {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'strongroom',
    // Whatever the server's defaults: a commit is on its disk before it returns.
    options: '-c synchronous_commit=on -c default_transaction_isolation=read\\ committed',
    types: { getTypeParser: (oid, format) => (oid === INT8_OID ? Number : types.getTypeParser(oid, format)) },
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  const builder = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: translating(pool) }) });
  return {
    dialect: 'postgres',
    builder,
    async read({ sql, name }: PreparedStatement, values) {
      return (await translated(() => pool.query({ name, text: sql, values }))).rows;
    },
    transaction: (act) => retrySerialization(() => builder.transaction().execute(act)),
    async close() {
      // A builder that was never used has not taken the pool over.
      await pool.end();
    },
  };
}

/** The pool as Kysely sees it: everything that it throws is a StoreError. */
function translating(pool: Pool): PostgresPool {
  return {
    async connect() {
      const client = await translated(() => pool.connect());
      return {
        query: ((sql: string, values: readonly unknown[]) =>
          translated(() => client.query(sql, values))) as never,
        release: (destroy?: boolean) => client.release(destroy),
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
    const { code } = cause as { code?: unknown };
    throw new StoreError((typeof code === 'string' && CODES[code]) || 'STORE_UNAVAILABLE', { cause });
  }
}
