import type { Engine } from '../store/engine.ts';
import type { PrimarySchema, VaultSchema } from '../store/schema.ts';
import { ArchiveError } from './archive-error.ts';
import type { ArchivedTable } from './archive-format.ts';

/** In an order in which each row comes after those that it refers to. */
const PRIMARY_TABLES: readonly (keyof PrimarySchema)[] = [
  'root_record',
  'project',
  'api_key',
  'policy',
  'account',
  'idempotency',
  'rotation_certificate',
  'outbox',
  'smart_account',
  'user_operation',
  'spend_permission',
  'transfer_receipt',
  'recovery_notice',
];
const VAULT_TABLES: readonly (keyof VaultSchema)[] = ['wallet_key'];
/** What a database says of itself, counters of the last minute, leases of seconds, and what a restore leaves behind. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'strongroom_database',
  'request_count',
  'nonce_lease',
  'restore',
]);

/** Whether an archive may have these tables: each of them one that backups have, and once. */
export function areArchivable(tables: readonly ArchivedTable[]): boolean {
  const names = new Set(tables.map(({ database, table }) => `${database}.${table}`));
  const isKnown = ({ database, table, columns }: ArchivedTable) =>
    (database === 'primary' ? PRIMARY_TABLES : VAULT_TABLES).some((known) => known === table) &&
    new Set(columns).size === columns.length;
  return names.size === tables.length && tables.every(isKnown);
}

/**
 * The tables of a backup with the columns that they have.
 * @throws ArchiveError BACKUP_SCHEMA when a database has a table that nobody decided about
 */
export async function archivedTables(
  primary: Engine<PrimarySchema>,
  vault: Engine<VaultSchema>,
): Promise<ArchivedTable[]> {
  return [
    ...(await tablesOf('primary', primary, PRIMARY_TABLES)),
    ...(await tablesOf('vault', vault, VAULT_TABLES)),
  ];
}

async function tablesOf<Schema>(
  database: ArchivedTable['database'],
  engine: Engine<Schema>,
  known: readonly string[],
): Promise<ArchivedTable[]> {
  const columns = await engine.transaction(async (transaction) => {
    const tables = await transaction.introspection.getTables();
    const own = tables.filter(({ schema }) => schema === undefined || schema === 'public');
    return new Map(own.map((table) => [table.name, table.columns.map((column) => column.name)]));
  });
  const isDecided = [...columns.keys()].every((table) => LEFT_OUT.has(table) || known.includes(table));
  if (!isDecided) throw new ArchiveError('BACKUP_SCHEMA');
  return known.map((table) => {
    const names = columns.get(table);
    if (names === undefined) throw new ArchiveError('BACKUP_SCHEMA');
    return { database, table, columns: names };
  });
}
