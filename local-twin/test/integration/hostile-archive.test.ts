// Archives that a parent made over and had its enclave sign again, and files that are none.
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArchiveSource, verifyArchive } from '../../../parent-proxy/src/backup/read-backup.ts';
import { restoreBackup } from '../../../parent-proxy/src/backup/restore-backup.ts';
import { closeEngines, openEngines } from '../../../parent-proxy/src/store/open-store.ts';
import type { ArchiveRows } from '../support/lab-archive.ts';
import { drillArchive, type LabBackup, openLabBackup, rowsOf } from '../support/lab-backup.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let mine: LabBackup;

beforeAll(async () => {
  mine = await openLabBackup();
});
afterAll(() => mine[Symbol.asyncDispose]());

const drillOf = (source: ArchiveSource, wanted: readonly string[]) => drillArchive(source, wanted, mine);

async function restoreOf(source: ArchiveSource, name: string) {
  const engines = openEngines({ engine: 'sqlite', directory: join(mine.archives.directory, name) });
  const { deploymentId } = mine;
  const any = { newestKnownMs: null, seenEpoch: null, report: () => undefined };
  try {
    return await restoreBackup({ source, deploymentId, engines, nowMs: Date.now, ...any });
  } finally {
    await closeEngines(engines);
  }
}

describe('an archive that a parent made over and had signed', () => {
  it('as it was is drilled and restored', async () => {
    const same = await mine.archives.remake(mine.archive, () => undefined);
    expect((await drillOf(same, mine.addresses))[0]?.addresses).toEqual(mine.addresses);
    expect((await restoreOf(same, 'same')).certificate.accounts).toBe(2);
  });

  it('without an account: refused with the counts of before; with the true ones only a drill misses it', async () => {
    const drop = (archive: ArchiveRows) => void rowsOf(archive, 'account').pop();
    const lied = await mine.archives.remake(mine.archive, drop, { projects: 1, accounts: 2 });
    await expect(verifyArchive(lied, mine.deploymentId)).rejects.toEqual(code('ARCHIVE_NOT_CERTIFIED'));
    const less = await mine.archives.remake(mine.archive, drop);
    expect((await verifyArchive(less, mine.deploymentId)).certificate.accounts).toBe(1);
    await expect(drillOf(less, mine.addresses)).rejects.toEqual(code('DRILL_ADDRESS_MISSING'));
  });

  it.each(['account', 'wallet_key', 'project'])('with a row of %s twice is not restored', async (table) => {
    const twice = await mine.archives.remake(mine.archive, (archive) => {
      const rows = rowsOf(archive, table);
      rows.push(rows[0] as (typeof rows)[number]);
    });
    await expect(restoreOf(twice, `twice-${table}`)).rejects.toEqual(code('ARCHIVE_MALFORMED'));
    // Nothing of it stayed: the genuine one goes into the same databases.
    expect((await restoreOf(mine.archive, `twice-${table}`)).certificate.accounts).toBe(2);
  });

  it('with an account of no project is not restored', async () => {
    const orphaned = await mine.archives.remake(mine.archive, (archive) => {
      rowsOf(archive, 'project').pop();
    });
    await expect(restoreOf(orphaned, 'orphaned')).rejects.toEqual(code('ARCHIVE_MALFORMED'));
    await expect(drillOf(orphaned, mine.addresses)).rejects.toEqual(code('DRILL_KEY_MISSING'));
  });

  it.each([
    ['a table that backups leave out', 'restore', ['restored_at_ms']],
    ["the database's own", 'strongroom_database', ['kind']],
    ["the engine's own", 'sqlite_schema', ['sql']],
  ])('with %s is refused', async (_name, table, columns) => {
    const more = await mine.archives.remake(mine.archive, (archive) => {
      const tables = [...archive.header.tables, { database: 'primary' as const, table, columns }];
      archive.header = { ...archive.header, tables };
    });
    await expect(verifyArchive(more, mine.deploymentId)).rejects.toEqual(code('ARCHIVE_MALFORMED'));
  });

  it('with another column, or another release’s tables, is refused before a row is written', async () => {
    const renamed = await mine.archives.remake(mine.archive, (archive) => {
      const tables = archive.header.tables.map((table) => ({ ...table, columns: [...table.columns] }));
      const last = tables.at(-1);
      if (last !== undefined) last.columns[0] = 'rowid';
      archive.header = { ...archive.header, tables };
    });
    await expect(restoreOf(renamed, 'renamed')).rejects.toEqual(code('ARCHIVE_MALFORMED'));
    const older = await mine.archives.remake(mine.archive, (archive) => {
      archive.header = { ...archive.header, primarySchema: 1 };
    });
    await expect(restoreOf(older, 'renamed')).rejects.toEqual(code('ARCHIVE_MALFORMED'));
    const newer = await mine.archives.remake(mine.archive, (archive) => {
      archive.header = { ...archive.header, primarySchema: 10_000 };
    });
    await expect(restoreOf(newer, 'renamed')).rejects.toEqual(code('ARCHIVE_NEWER'));
  });

  it('with two root records, or none, is refused', async () => {
    const two = await mine.archives.remake(mine.archive, (archive) => {
      const rows = rowsOf(archive, 'root_record');
      rows.push(rows[0] as (typeof rows)[number]);
    });
    const none = await mine.archives.remake(mine.archive, ({ rows }) => void rows.delete('root_record'));
    for (const source of [two, none])
      await expect(verifyArchive(source, mine.deploymentId)).rejects.toEqual(code('ARCHIVE_MALFORMED'));
  });
});

describe('a file that is none', () => {
  const named = (name: string) => ({ ...mine.archive, path: join(mine.archives.directory, name) });
  const refused = (source: ArchiveSource) =>
    expect(verifyArchive(source, mine.deploymentId)).rejects.toEqual(code('ARCHIVE_UNREADABLE'));

  it('has a header without end: read to its first 64 KiB', async () => {
    const source = named('endless.age');
    writeFileSync(source.path, 'age-encryption.org/v1\n-> X25519 ');
    // 64 GiB of nothing, which take no room.
    truncateSync(source.path, 64 * 2 ** 30);
    await refused(source);
  });

  it('is empty, text, or gone', async () => {
    const source = named('empty.age');
    for (const content of ['', 'age-encryption.org/v1\n', '-----BEGIN AGE ENCRYPTED FILE-----\n']) {
      writeFileSync(source.path, content);
      await refused(source);
    }
    await expect(verifyArchive(named('gone.age'), mine.deploymentId)).rejects.toEqual(code('ARCHIVE_ABSENT'));
  });
});
