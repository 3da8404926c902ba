import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';
import { type Engine, type PreparedStatement, retrySerialization, type Snapshot } from './engine.ts';
import { StoreError, type StoreErrorCode } from './store-error.ts';

/** Waiting blocks the process, so a wait is short; the transaction is then tried again. */
const BUSY_TIMEOUT_MS = 500;
const CACHE_KIB = { reader: 32 * 1024, writer: 8 * 1024 };
/** Statements differ only in the lengths of their lists, so a store has fewer kinds than this. */
const MAX_STATEMENTS = 256;

/** Primary result codes of SQLite (sqlite.org/rescode.html) that mean something to an operator. */
const CODES: Readonly<Record<number, StoreErrorCode>> = {
  5: 'STORE_SERIALIZATION',
  8: 'STORE_READ_ONLY',
  11: 'STORE_CORRUPT',
  13: 'STORE_FULL',
  26: 'STORE_WRONG_DATABASE',
};
const UNIQUE_VIOLATIONS: ReadonlySet<number> = new Set([1555, 2067]);
const FOREIGN_KEY_VIOLATION = 787;
/** After these the handle may never work again though the file does, so the next call opens it anew. */
const HANDLE_IS_SUSPECT: ReadonlySet<StoreErrorCode> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_CORRUPT',
  'STORE_WRONG_DATABASE',
  'STORE_READ_ONLY',
]);

/** One connection that opens its file when it is first used and again after the file failed. Statements are prepared once. */
class SqliteConnection implements SqliteDatabase {
  readonly #path: string;
  readonly #isReader: boolean;
  #database: DatabaseSync | null = null;
  #statements = new Map<string, StatementSync>();
  #isClosed = false;

  constructor(path: string, isReader: boolean) {
    this.#path = path;
    this.#isReader = isReader;
  }

  prepare(sql: string): ReturnType<SqliteDatabase['prepare']> {
    // Kysely's driver says "begin"; a deferred transaction could find the database busy only when it first writes.
    if (sql === 'begin') return this.#prepared('begin immediate');
    // SQLite rolls back by itself when the disk is full or fails; then there is nothing left to roll back.
    if (sql === 'rollback' && this.#database?.isTransaction !== true) return NOTHING_TO_DO;
    return this.#prepared(sql);
  }

  all(sql: string, values: readonly unknown[]): unknown[] {
    return this.#translated(() => this.#statement(sql).all(...(values as SQLInputValue[])));
  }

  *iterate(sql: string): Generator<Readonly<Record<string, unknown>>> {
    const rows = this.#translated(() => this.#statement(sql).iterate());
    for (;;) {
      const next = this.#translated(() => rows.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#forgetHandle();
  }

  #prepared(sql: string): ReturnType<SqliteDatabase['prepare']> {
    const statement = this.#translated(() => this.#statement(sql));
    return {
      reader: statement.columns().length > 0,
      all: (values) => this.#translated(() => statement.all(...(values as SQLInputValue[]))),
      run: (values) => this.#translated(() => statement.run(...(values as SQLInputValue[]))),
      iterate: (values) => statement.iterate(...(values as SQLInputValue[])),
    };
  }

  #statement(sql: string): StatementSync {
    if (this.#isClosed) throw new StoreError('STORE_UNAVAILABLE');
    this.#database ??= openDatabase(this.#path, this.#isReader);
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #translated<T>(run: () => T): T {
    try {
      return run();
    } catch (cause) {
      const error = translate(cause);
      if (HANDLE_IS_SUSPECT.has(error.code)) this.#forgetHandle();
      throw error;
    }
  }

  #forgetHandle(): void {
    const database = this.#database;
    this.#database = null;
    this.#statements = new Map();
    try {
      database?.close();
    } catch {
      // A handle that cannot be closed is left to the garbage collector; the next call opens another.
    }
  }
}

const NOTHING_TO_DO: ReturnType<SqliteDatabase['prepare']> = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

function openDatabase(path: string, isReader: boolean): DatabaseSync {
  createForOwnerAlone(path);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    // FULL: in WAL mode a commit is on the disk before it returns. What is deleted or replaced is overwritten with zeros.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
    database.exec(`PRAGMA cache_size = -${isReader ? CACHE_KIB.reader : CACHE_KIB.writer};`);
    if (isReader) database.exec('PRAGMA query_only = ON;');
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * SQLite gives its journals the permissions of the file. An existing file is not opened: closing it again would take away the
 * locks that SQLite holds on it in this process (sqlite.org/howtocorrupt.html, 2.2).
 */
function createForOwnerAlone(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function translate(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { errcode } = error as { errcode?: unknown };
  if (typeof errcode !== 'number') return new StoreError('STORE_UNAVAILABLE', { cause: error });
  if (UNIQUE_VIOLATIONS.has(errcode)) return new StoreError('STORE_UNIQUE_VIOLATION', { cause: error });
  if (errcode === FOREIGN_KEY_VIOLATION) return new StoreError('STORE_REFERENCE_VIOLATION', { cause: error });
  return new StoreError(CODES[errcode & 0xff] ?? 'STORE_UNAVAILABLE', { cause: error });
}

/** A connection of its own in one read transaction: in WAL mode its view does not move, and nobody waits for it. */
async function lendSnapshot<T>(path: string, act: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const connection = new SqliteConnection(path, true);
  try {
    // The view is of the first read, not of the word `begin`.
    for (const sql of ['begin deferred', 'select kind from strongroom_database']) connection.all(sql, []);
    return await act({
      async *rows(table, columns) {
        for (const row of connection.iterate(`select ${columns.join(', ')} from ${table}`)) {
          yield columns.map((column) => row[column]);
        }
      },
    });
  } finally {
    connection.close();
  }
}

/** A database in a file of its own. Reads have a connection of their own, so none waits for a transaction. */
export function openSqliteEngine<Schema>(path: string): Engine<Schema> {
  const writer = new SqliteConnection(path, false);
  const reader = new SqliteConnection(path, true);
  const builder = new Kysely<Schema>({ dialect: new SqliteDialect({ database: writer }) });
  return {
    dialect: 'sqlite',
    builder,
    async read({ sql }: PreparedStatement, values) {
      return reader.all(sql, values);
    },
    transaction: (act) => retrySerialization(() => builder.transaction().execute(act)),
    snapshot: (act) => lendSnapshot(path, act),
    async eraseReplaced() {
      // Copies the journal into the file and empties it; another process that reads from it just then keeps it for later.
      const [row] = writer.all('PRAGMA wal_checkpoint(TRUNCATE)', []) as { readonly busy: number }[];
      return row?.busy === 0;
    },
    async close() {
      reader.close();
      await builder.destroy();
      writer.close();
    },
  };
}
