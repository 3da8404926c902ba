import { setTimeout as sleep } from 'node:timers/promises';
import type { Compilable, InferResult, Kysely, Transaction } from 'kysely';
import { StoreError } from './store-error.ts';

/** A query compiled once. `parameters` says for each `?` or `$n` which argument goes there, or a constant. */
export interface PreparedStatement {
  readonly sql: string;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

/** A database as it was at one instant, while others go on writing. */
export interface Snapshot {
  /** All rows of a table of this store's, with the columns in the order of `columns`. */
  rows(table: string, columns: readonly string[]): AsyncIterable<readonly unknown[]>;
}

/** One database on one engine. Every access goes through these two calls, which throw nothing but StoreError. */
export interface Engine<Schema> {
  readonly dialect: 'sqlite' | 'postgres';
  /** Builds queries; run them by `read` or inside `transaction`. */
  readonly builder: Kysely<Schema>;
  read(statement: PreparedStatement, values: readonly unknown[]): Promise<readonly unknown[]>;
  /** Resolves once the transaction is durable. `act` may run again after a serialization failure. */
  transaction<T>(act: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** Lends a snapshot, taken before `act` begins; it delays no writer. */
  snapshot<T>(act: (snapshot: Snapshot) => Promise<T>): Promise<T>;
  /**
   * Erases what transactions have replaced or deleted, as far as the engine can.
   * @returns false when something that reads just now keeps some of it
   */
  eraseReplaced(tables: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}

class Parameter {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Takes the arguments of a query, by name, and resolves to its rows. */
export type PreparedRead<Arguments, Row> = (args: Arguments) => Promise<readonly Row[]>;

/**
 * Compiles a select once, for the hot path: building the same query again costs more than running it.
 * @param name unique within the database; PostgreSQL keeps the plan under it
 * @param build gets a stand-in for each argument and uses it where a value goes
 */
export function prepareRead<Schema, Arguments extends Record<string, unknown>, Query extends Compilable>(
  engine: Engine<Schema>,
  name: string,
  build: (builder: Kysely<Schema>, args: Arguments) => Query,
): PreparedRead<Arguments, InferResult<Query>[number]> {
  const standIns = new Proxy({}, { get: (_target, key) => new Parameter(String(key)) }) as Arguments;
  const { sql, parameters } = build(engine.builder, standIns).compile();
  const statement: PreparedStatement = { sql, name, parameters };
  return async (args) => {
    const values = parameters.map((parameter) =>
      parameter instanceof Parameter ? args[parameter.name] : parameter,
    );
    return (await engine.read(statement, values)) as readonly InferResult<Query>[number][];
  };
}

const MAX_ATTEMPTS = 5;
const MAX_PAUSE_MS = 10;

/** Runs a transaction again, at most five times in all, when another one took its rows first. @throws StoreError */
export async function retrySerialization<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const mayRetry =
        error instanceof StoreError && error.code === 'STORE_SERIALIZATION' && attempt < MAX_ATTEMPTS;
      if (!mayRetry) throw error;
      // Of random length, so that two that met do not meet again.
      await sleep(Math.random() * MAX_PAUSE_MS * attempt);
    }
  }
}
