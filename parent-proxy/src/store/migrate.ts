import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import type { DatabaseTable } from './schema.ts';
import { StoreError } from './store-error.ts';

/** How one engine spells what all migrations need. */
export interface ColumnTypes {
  readonly bytes: RawBuilder<unknown>;
  /** At least 54 bits. */
  readonly integer: RawBuilder<unknown>;
  readonly text: RawBuilder<unknown>;
  /** Goes behind each CREATE TABLE: SQLite checks types only in strict tables. */
  readonly tableEnd: RawBuilder<unknown>;
}

/** One numbered step; a migrated database is never migrated back. */
export interface Migration {
  // biome-ignore lint/suspicious/noExplicitAny: a migration creates the schema that types would describe
  up(transaction: Transaction<any>, types: ColumnTypes): Promise<void>;
}

const COLUMN_TYPES: Readonly<Record<Engine<unknown>['dialect'], ColumnTypes>> = {
  sqlite: { bytes: sql`blob`, integer: sql`integer`, text: sql`text`, tableEnd: sql`strict` },
  postgres: { bytes: sql`bytea`, integer: sql`bigint`, text: sql`text`, tableEnd: sql`` },
};
/** Any number that nothing else on the server locks. */
const ADVISORY_LOCK = 7_209_115;

/** The table that every database of a store has. */
interface Catalogue {
  strongroom_database: DatabaseTable;
}

/** What a database says of itself once it is migrated. */
export interface MigratedDatabase {
  readonly storeId: Uint8Array | null;
}

/**
 * Brings a database to the newest schema in one transaction; a fresh one gets all of it.
 * @throws StoreError STORE_WRONG_DATABASE when it is of another kind or somebody else's, STORE_NEWER_SCHEMA
 */
export async function migrate<Schema extends Catalogue>(
  engine: Engine<Schema>,
  kind: DatabaseTable['kind'],
  migrations: readonly Migration[],
): Promise<MigratedDatabase> {
  return await catalogueOf(engine).transaction((transaction) =>
    migrateInside(transaction, { kind, dialect: engine.dialect }, migrations),
  );
}

/** The same as a part of a transaction, which a restore needs. */
export async function migrateInside(
  transaction: Transaction<Catalogue>,
  { kind, dialect }: { readonly kind: DatabaseTable['kind']; readonly dialect: Engine<unknown>['dialect'] },
  migrations: readonly Migration[],
): Promise<MigratedDatabase> {
  const types = COLUMN_TYPES[dialect];
  if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
  const { schema_version, store_id } = await readOrCreate(transaction, kind, types);
  if (schema_version > migrations.length) throw new StoreError('STORE_NEWER_SCHEMA');
  if (schema_version < migrations.length) {
    for (const migration of migrations.slice(schema_version)) await migration.up(transaction, types);
    await transaction.updateTable('strongroom_database').set({ schema_version: migrations.length }).execute();
  }
  return { storeId: store_id };
}

/**
 * Gives the database this store id unless it has one.
 * @returns the id that it has now
 */
export async function claimStoreId<Schema extends Catalogue>(
  engine: Engine<Schema>,
  storeId: Uint8Array,
): Promise<Uint8Array> {
  return await catalogueOf(engine).transaction(async (transaction) => {
    await transaction
      .updateTable('strongroom_database')
      .set({ store_id: storeId })
      .where('store_id', 'is', null)
      .execute();
    const row = await transaction
      .selectFrom('strongroom_database')
      .select('store_id')
      .executeTakeFirstOrThrow();
    return row.store_id ?? storeId;
  });
}

/** Kysely's types are invariant in the schema, so the narrower view of an engine has to be asserted. */
function catalogueOf<Schema extends Catalogue>(engine: Engine<Schema>): Engine<Catalogue> {
  return engine as unknown as Engine<Catalogue>;
}

async function readOrCreate(
  transaction: Transaction<Catalogue>,
  kind: DatabaseTable['kind'],
  types: ColumnTypes,
): Promise<DatabaseTable> {
  const tables = await engineTables(transaction);
  if (!tables.includes('strongroom_database')) {
    if (tables.length > 0) throw new StoreError('STORE_WRONG_DATABASE');
    return await createCatalogue(transaction, kind, types);
  }
  const [row, ...others] = await transaction.selectFrom('strongroom_database').selectAll().execute();
  if (row?.kind !== kind || others.length > 0) throw new StoreError('STORE_WRONG_DATABASE');
  return row;
}

async function engineTables(transaction: Transaction<Catalogue>): Promise<string[]> {
  const tables = await transaction.introspection.getTables();
  return tables.filter(({ schema }) => schema === undefined || schema === 'public').map(({ name }) => name);
}

async function createCatalogue(
  transaction: Transaction<Catalogue>,
  kind: DatabaseTable['kind'],
  types: ColumnTypes,
): Promise<DatabaseTable> {
  await transaction.schema
    .createTable('strongroom_database')
    .addColumn('kind', types.text, (column) => column.notNull())
    .addColumn('store_id', types.bytes)
    .addColumn('schema_version', types.integer, (column) => column.notNull())
    .modifyEnd(types.tableEnd)
    .execute();
  const row: DatabaseTable = { kind, store_id: null, schema_version: 0 };
  await transaction.insertInto('strongroom_database').values(row).execute();
  return row;
}
