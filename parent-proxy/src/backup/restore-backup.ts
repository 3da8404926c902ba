import { sql, type Transaction } from 'kysely';
import type { Engine } from '../store/engine.ts';
import { migrateInside } from '../store/migrate.ts';
import { PRIMARY_MIGRATIONS, VAULT_MIGRATIONS } from '../store/migrations/migrations.ts';
import type { Engines } from '../store/open-store.ts';
import { isReferenceViolation, isUniqueViolation } from '../store/store-error.ts';
import { ArchiveError } from './archive-error.ts';
import type { ArchivedTable, ArchiveHeader } from './archive-format.ts';
import { type ArchiveSource, readArchive, type VerifiedArchive, verifyArchive } from './read-backup.ts';

export interface RestoreOptions {
  readonly source: ArchiveSource;
  /** 32 bytes. */
  readonly deploymentId: Uint8Array;
  /** Two databases without a row. */
  readonly engines: Engines;
  readonly nowMs: () => number;
  /** When the newest backup that is known of was certified; an older one is refused. Null when none is known, or an older one is wanted. */
  readonly newestKnownMs: number | null;
  /** The highest security epoch that clients have seen, when it may be above the backup's; null when it is not known. */
  readonly seenEpoch: number | null;
  readonly report: (progress: { readonly rows: number; readonly totalRows: number }) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: rows are those that the archive's header describes
type AnyTransaction = Transaction<any>;
type Database = ArchivedTable['database'];

const MIGRATIONS = { primary: PRIMARY_MIGRATIONS, vault: VAULT_MIGRATIONS } as const;

/**
 * Writes an archive into two empty databases after all of it was verified: the vault in one transaction, then the primary in another. A
 * process that is killed in between leaves a pair that no proxy opens and that the same call fills again.
 * @throws ArchiveError ARCHIVE_*, RESTORE_NOT_EMPTY; StoreError
 */
export async function restoreBackup(options: RestoreOptions): Promise<VerifiedArchive> {
  const { source, deploymentId, engines, newestKnownMs } = options;
  const archive = await verifyArchive(source, deploymentId);
  const { primarySchema, vaultSchema } = archive.header;
  const isNewer = primarySchema > PRIMARY_MIGRATIONS.length || vaultSchema > VAULT_MIGRATIONS.length;
  if (isNewer) throw new ArchiveError('ARCHIVE_NEWER');
  if (newestKnownMs !== null && archive.certificate.certifiedAtMs < newestKnownMs)
    throw new ArchiveError('ARCHIVE_OLDER');
  await assertEmpty(engines.primary);
  let rows = 0;
  for (const database of ['vault', 'primary'] as const) {
    await anyEngine(engines[database]).transaction(async (transaction) => {
      const identity = { kind: database, dialect: engines[database].dialect };
      // While the other database's part of the archive is decrypted this one has nothing to do.
      if (identity.dialect === 'postgres')
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(transaction);
      await recreate(transaction, identity, archive);
      rows = await fill(transaction, database, { options, archive, rows });
      // An archive of an older release becomes one of this.
      await migrateInside(transaction, identity, MIGRATIONS[database]);
      await transaction
        .updateTable('strongroom_database')
        .set({ store_id: archive.header.storeId })
        .execute();
      if (database === 'primary') await noteRestore(transaction, archive, options);
    });
  }
  return archive;
}

/** The vault of a restore that was cut in half has rows, and no primary that names them. */
async function assertEmpty(primary: Engines['primary']): Promise<void> {
  await anyEngine(primary).transaction(async (transaction) => {
    for (const table of await tablesOf(transaction)) {
      if (table === 'strongroom_database') continue;
      const row = await transaction.selectFrom(table).selectAll().limit(1).executeTakeFirst();
      if (row !== undefined) throw new ArchiveError('RESTORE_NOT_EMPTY');
    }
  });
}

async function recreate(
  transaction: AnyTransaction,
  identity: { readonly kind: Database; readonly dialect: Engine<unknown>['dialect'] },
  { header }: VerifiedArchive,
): Promise<void> {
  const { kind, dialect } = identity;
  const tables = await tablesOf(transaction);
  if (kind === 'vault') await assertNobodyElses(transaction, tables, header.storeId);
  for (const table of tables) {
    const drop = transaction.schema.dropTable(table);
    // Empty tables that refer to each other; SQLite knows no `cascade` and needs none.
    await (dialect === 'postgres' ? drop.cascade() : drop).execute();
  }
  const version = kind === 'primary' ? header.primarySchema : header.vaultSchema;
  await migrateInside(transaction, identity, MIGRATIONS[kind].slice(0, version));
  await assertColumns(transaction, kind, header);
}

/** The header's tables are there, as that release had them. */
async function assertColumns(
  transaction: AnyTransaction,
  kind: Database,
  { tables }: ArchiveHeader,
): Promise<void> {
  const live = await transaction.introspection.getTables();
  for (const { database, table, columns } of tables) {
    if (database !== kind) continue;
    const own = live.find(({ name }) => name === table)?.columns.map(({ name }) => name) ?? [];
    if (!columns.every((column) => own.includes(column))) throw new ArchiveError('ARCHIVE_MALFORMED');
  }
}

async function assertNobodyElses(
  transaction: AnyTransaction,
  tables: readonly string[],
  storeId: Uint8Array,
): Promise<void> {
  if (!tables.includes('wallet_key')) return;
  const key = await transaction.selectFrom('wallet_key').select('vault_id').limit(1).executeTakeFirst();
  const row = await transaction.selectFrom('strongroom_database').select('store_id').executeTakeFirst();
  const isOwn = row?.store_id instanceof Uint8Array && Buffer.compare(row.store_id, storeId) === 0;
  if (key !== undefined && !isOwn) throw new ArchiveError('RESTORE_NOT_EMPTY');
}

/** Reads the archive again: what is written has the digest of what was verified, or nothing is. */
async function fill(
  transaction: AnyTransaction,
  database: Database,
  { options, archive, rows }: { options: RestoreOptions; archive: VerifiedArchive; rows: number },
): Promise<number> {
  let written = rows;
  for await (const part of readArchive(options.source)) {
    if (part.kind === 'trailer') {
      if (Buffer.compare(part.contentDigest, archive.contentDigest) === 0) return written;
      break;
    }
    if (part.kind !== 'batch' || part.table.database !== database || part.rows.length === 0) continue;
    const { table, columns } = part.table;
    const values = part.rows.map((row) =>
      Object.fromEntries(columns.map((column, index) => [column, row[index]])),
    );
    await insert(transaction, table, values);
    written += values.length;
    options.report({ rows: written, totalRows: archive.rows });
  }
  throw new ArchiveError('ARCHIVE_MALFORMED');
}

/** Keys and references are what the enclave, which signed for the digest alone, cannot know. */
async function insert(
  transaction: AnyTransaction,
  table: string,
  values: readonly Record<string, unknown>[],
): Promise<void> {
  try {
    await transaction.insertInto(table).values(values).execute();
  } catch (cause) {
    if (!isUniqueViolation(cause) && !isReferenceViolation(cause)) throw cause;
    throw new ArchiveError('ARCHIVE_MALFORMED', { cause });
  }
}

/** The proxy that opens this store first has the enclave count the restore before anything else. */
async function noteRestore(
  transaction: AnyTransaction,
  { certificate, certificateBytes }: VerifiedArchive,
  { nowMs, seenEpoch }: RestoreOptions,
): Promise<void> {
  await transaction
    .insertInto('restore')
    .values({
      restored_at_ms: nowMs(),
      certificate: certificateBytes,
      above_epoch: Math.max(certificate.securityEpoch, seenEpoch ?? 0),
      is_announced: 0,
    })
    .execute();
}

async function tablesOf(transaction: AnyTransaction): Promise<string[]> {
  const tables = await transaction.introspection.getTables();
  return tables.filter(({ schema }) => schema === undefined || schema === 'public').map(({ name }) => name);
}

function anyEngine(engine: unknown): Engine<Record<string, Record<string, unknown>>> {
  return engine as Engine<Record<string, Record<string, unknown>>>;
}
