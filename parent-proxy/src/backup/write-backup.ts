import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { verifyBackupCertificate } from '@strongroom/attestation/backup-certificate';
import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { certifyBackup } from '@strongroom/shared/operations/certify-backup';
import { Encrypter } from 'age-encryption';
import type { Snapshot } from '../store/engine.ts';
import type { Engines } from '../store/open-store.ts';
import { ArchiveError } from './archive-error.ts';
import { ARCHIVE_TYPE, type ArchiveBatch, type ArchivedTable, encodeFrame } from './archive-format.ts';
import { archivedTables } from './archived-tables.ts';
import { identityKeyOf } from './read-backup.ts';

export interface BackupOptions {
  readonly engines: Engines;
  /** Reaches an enclave of the deployment, which signs for the content. */
  readonly call: OperationClient['call'];
  /** age public keys, `age1...`: whoever has the identity of one of them can read the archive. */
  readonly recipients: readonly string[];
  readonly path: string;
  readonly nowMs: () => number;
  readonly report: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly rows: number;
  readonly totalRows: number;
}

export interface WrittenBackup {
  /** 32 bytes. */
  readonly deploymentId: Uint8Array;
  /** SHA-256, 32 bytes. */
  readonly contentDigest: Uint8Array;
  readonly certificate: Uint8Array;
  readonly projects: number;
  readonly accounts: number;
  readonly rows: number;
}

const MAX_ATTEMPTS = 3;
const BATCH_ROWS = 256;
const BATCH_BYTES = 256 * 1024;

/**
 * Writes one consistent archive of both databases while the service runs. The file is there only when it is whole and on the disk.
 * @throws ArchiveError ARCHIVE_EXISTS, BACKUP_*; StoreError; those of `certify-backup`; errors of the file system
 */
export async function writeBackup(options: BackupOptions): Promise<WrittenBackup> {
  if (await exists(options.path)) throw new ArchiveError('ARCHIVE_EXISTS');
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(options);
    } catch (error) {
      const isDisturbed = error instanceof ArchiveError && error.code === 'BACKUP_DISTURBED';
      if (!isDisturbed || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function writeOnce(options: BackupOptions): Promise<WrittenBackup> {
  const partial = `${options.path}.partial`;
  await rm(partial, { force: true });
  const encrypter = new Encrypter();
  for (const recipient of options.recipients) encrypter.addRecipient(recipient);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  // Opened before it is a stream: nobody listens yet to what would then go wrong.
  const fd = await open(partial, 'wx', 0o600);
  const file = createWriteStream(partial, { fd, flush: true });
  try {
    const encrypted = await encrypter.encrypt(readable);
    const written = pipeline(Readable.fromWeb(encrypted as NodeReadableStream), file);
    const produced = produce(options, (frame) => writer.write(frame)).then(
      async (backup) => {
        await writer.close();
        return backup;
      },
      async (error: unknown) => {
        await writer.abort(error).catch(() => undefined);
        throw error;
      },
    );
    // The disk's failure is told before that of the producer, who only sees that nobody reads any more.
    const [, backup] = await Promise.all([written, produced]).catch(async (error: unknown) => {
      await Promise.allSettled([written, produced]);
      throw error;
    });
    await rename(partial, options.path);
    await syncDirectory(dirname(options.path));
    return backup;
  } catch (error) {
    file.destroy();
    await rm(partial, { force: true });
    throw error;
  }
}

/** Writes frames as an archive has them. */
async function produce(
  { engines, call, nowMs, report }: BackupOptions,
  write: (frame: Uint8Array) => Promise<void>,
): Promise<WrittenBackup> {
  const { primary, vault } = engines;
  const tables = await archivedTables(primary, vault);
  const { storeId, ...schemas } = await catalogue(engines);
  const totalRows = await countRows(engines, tables);
  const digest = createHash('sha256');
  const rows = tables.map(() => 0);
  const emit = async (frame: Uint8Array) => {
    digest.update(frame);
    await write(frame);
  };
  const archive = async (snapshot: Snapshot, database: ArchivedTable['database']) => {
    for (const [index, table] of tables.entries()) {
      if (table.database !== database) continue;
      for await (const batch of batches(snapshot, table)) {
        rows[index] = (rows[index] as number) + batch.length;
        await emit(encodeFrame({ table: index, rows: batch }));
        report({ rows: rows.reduce((sum, count) => sum + count, 0), totalRows });
      }
    }
  };
  await emit(encodeFrame({ type: ARCHIVE_TYPE, storeId, ...schemas, startedAtMs: nowMs(), tables }));
  const before = await readRootRecord(primary);
  // The primary first: a wallet key is stored before its account is, so the vault of a moment later has it. A rotation replaces keys under
  // the same ids, by root keys that the root record had named before; one that began in between is caught by the comparison.
  await primary.snapshot((snapshot) => archive(snapshot, 'primary'));
  await vault.snapshot((snapshot) => archive(snapshot, 'vault'));
  const after = await readRootRecord(primary);
  if (before === null || after === null || Buffer.compare(before, after) !== 0)
    throw new ArchiveError('BACKUP_DISTURBED');
  const countOf = (table: string) => rows[tables.findIndex((known) => known.table === table)] ?? 0;
  const counts = { projects: countOf('project'), accounts: countOf('account') };
  const contentDigest = digest.digest();
  const { certificate } = await call(certifyBackup, { contentDigest, ...counts });
  const identityKey = identityKeyOf(after);
  const { deploymentId } = await verifyBackupCertificate(certificate, identityKey, contentDigest);
  await write(encodeFrame({ rows, certificate }));
  return {
    deploymentId,
    contentDigest,
    certificate,
    ...counts,
    rows: rows.reduce((sum, count) => sum + count, 0),
  };
}

async function* batches(
  snapshot: Snapshot,
  { table, columns }: ArchivedTable,
): AsyncGenerator<ArchiveBatch['rows']> {
  let batch: ArchiveBatch['rows'] = [];
  let bytes = 0;
  for await (const row of snapshot.rows(table, columns)) {
    batch.push(row as ArchiveBatch['rows'][number]);
    bytes += row.reduce<number>((sum, value) => sum + sizeOf(value), 0);
    if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
}

async function catalogue({ primary, vault }: Engines) {
  const own = await primary.transaction((transaction) =>
    transaction.selectFrom('strongroom_database').selectAll().executeTakeFirstOrThrow(),
  );
  const other = await vault.transaction((transaction) =>
    transaction.selectFrom('strongroom_database').selectAll().executeTakeFirstOrThrow(),
  );
  if (own.store_id === null) throw new ArchiveError('BACKUP_SCHEMA');
  return { storeId: own.store_id, primarySchema: own.schema_version, vaultSchema: other.schema_version };
}

async function countRows(engines: Engines, tables: readonly ArchivedTable[]): Promise<number> {
  let total = 0;
  for (const { database, table } of tables) {
    const sql = `select count(*) as n from ${table}`;
    const [row] = await engines[database].read({ sql, name: `count-${table}`, parameters: [] }, []);
    total += Number((row as { readonly n: number }).n);
  }
  return total;
}

async function readRootRecord(primary: Engines['primary']): Promise<Uint8Array | null> {
  const row = await primary.transaction((transaction) =>
    transaction.selectFrom('root_record').select('record').executeTakeFirst(),
  );
  return row?.record ?? null;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** A rename is on the disk when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
