// A parent that makes archives up and has its enclave sign for them; one that announces restores; and a thief with archive and identity.
import { randomBytes } from 'node:crypto';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyBackupCertificate } from '@strongroom/attestation/backup-certificate';
import { announceRestore } from '@strongroom/shared/operations/announce-restore';
import { certifyBackup } from '@strongroom/shared/operations/certify-backup';
import { drillRows } from '@strongroom/shared/operations/drill-rows';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drillBackup } from '../../../parent-proxy/src/backup/drill-backup.ts';
import {
  type ArchiveSource,
  identityKeyOf,
  verifyArchive,
} from '../../../parent-proxy/src/backup/read-backup.ts';
import { restoreBackup } from '../../../parent-proxy/src/backup/restore-backup.ts';
import { closeEngines, openEngines } from '../../../parent-proxy/src/store/open-store.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { type ArchiveRows, columnOf, type LabArchives, openLabArchives } from '../support/lab-archive.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A deployment with a project, two accounts and a backup of them. */
interface Side {
  readonly lab: Laboratory;
  readonly enclave: LabEnclave;
  readonly archives: LabArchives;
  readonly project: LabProject;
  readonly accounts: readonly [LabAccount, LabAccount];
  readonly archive: ArchiveSource;
  readonly deploymentId: Uint8Array;
}

let mine: Side;
let theirs: Side;
let other: { readonly project: LabProject; readonly account: LabAccount };
let addresses: readonly string[];

async function openSide(): Promise<Side> {
  const lab = await openLaboratory();
  const enclave = await lab.bootReady();
  const archives = await openLabArchives(enclave, await lab.rootRecord());
  const project = await createLabProject(enclave);
  const accounts = [
    await createLabAccount(enclave, project),
    await createLabAccount(enclave, project),
  ] as const;
  const archive = await archives.write([{ project, accounts }]);
  const { deploymentId } = await certified(enclave, await lab.rootRecord());
  return { lab, enclave, archives, project, accounts, archive, deploymentId };
}

beforeAll(async () => {
  [mine, theirs] = await Promise.all([openSide(), openSide()]);
  const project = await createLabProject(mine.enclave);
  other = { project, account: await createLabAccount(mine.enclave, project) };
  addresses = mine.accounts.map(({ address }) => address);
});
afterAll(async () => {
  for (const { lab, archives } of [mine, theirs]) {
    archives[Symbol.dispose]();
    await lab[Symbol.asyncDispose]();
  }
});

/** What the enclave says of itself when it signs for a backup. */
async function certified(enclave: LabEnclave, rootRecord: Uint8Array) {
  const contentDigest = randomBytes(32);
  const { certificate } = await enclave.call(certifyBackup, { contentDigest, projects: 0, accounts: 0 });
  return await verifyBackupCertificate(certificate, identityKeyOf(rootRecord), contentDigest);
}

const drillOf = (source: ArchiveSource, wanted: readonly string[], { enclave, deploymentId } = mine) =>
  drillBackup({ source, deploymentId, addresses: wanted, call: enclave.call });

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

const rowsOf = ({ rows }: ArchiveRows, table: string) => rows.get(table) ?? [];

describe('an archive that a parent made over and had signed', () => {
  it('as it was is drilled and restored', async () => {
    const same = await mine.archives.remake(mine.archive, () => undefined);
    expect((await drillOf(same, addresses))[0]?.addresses).toEqual(addresses);
    expect((await restoreOf(same, 'same')).certificate.accounts).toBe(2);
  });

  it('without an account: refused with the counts of before; with the true ones only a drill misses it', async () => {
    const drop = (archive: ArchiveRows) => void rowsOf(archive, 'account').pop();
    const lied = await mine.archives.remake(mine.archive, drop, { projects: 1, accounts: 2 });
    await expect(verifyArchive(lied, mine.deploymentId)).rejects.toEqual(code('ARCHIVE_NOT_CERTIFIED'));
    const less = await mine.archives.remake(mine.archive, drop);
    expect((await verifyArchive(less, mine.deploymentId)).certificate.accounts).toBe(1);
    await expect(drillOf(less, addresses)).rejects.toEqual(code('DRILL_ADDRESS_MISSING'));
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
    await expect(drillOf(orphaned, addresses)).rejects.toEqual(code('DRILL_KEY_MISSING'));
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

describe('databases of two deployments, or of two times', () => {
  it('under the root record of the other are certified by neither', async () => {
    const foreign = rowsOf(await theirs.archives.take(theirs.archive), 'root_record');
    const mixed = await mine.archives.remake(
      mine.archive,
      ({ rows }) => void rows.set('root_record', foreign),
    );
    for (const { deploymentId } of [mine, theirs])
      await expect(verifyArchive(mixed, deploymentId)).rejects.toEqual(code('ARCHIVE_NOT_CERTIFIED'));
    await expect(verifyArchive(theirs.archive, mine.deploymentId)).rejects.toEqual(
      code('ARCHIVE_NOT_CERTIFIED'),
    );
  });

  it('with the vault of the other: a drill finds no key, nor one that opens under the same id', async () => {
    const foreign = rowsOf(await theirs.archives.take(theirs.archive), 'wallet_key');
    const swapped = await mine.archives.remake(
      mine.archive,
      ({ rows }) => void rows.set('wallet_key', foreign),
    );
    await expect(drillOf(swapped, addresses)).rejects.toEqual(code('DRILL_KEY_MISSING'));
    const renamed = await mine.archives.remake(mine.archive, (archive) => {
      const at = columnOf(archive, 'wallet_key', 'sealed');
      rowsOf(archive, 'wallet_key').forEach((row, index) => {
        row[at] = foreign[index]?.[at] ?? null;
      });
    });
    await expect(drillOf(renamed, addresses)).rejects.toEqual(code('SEALED_BLOB_REFUSED'));
  });

  it('with an older vault: a drill misses the keys made since, and has the others', async () => {
    const older = await mine.archives.remake(mine.archive, (archive) => {
      const [first] = rowsOf(archive, 'account');
      const id = first?.[columnOf(archive, 'account', 'vault_id')] as Uint8Array;
      const at = columnOf(archive, 'wallet_key', 'vault_id');
      const kept = rowsOf(archive, 'wallet_key').filter(
        (row) => Buffer.compare(row[at] as Uint8Array, id) === 0,
      );
      archive.rows.set('wallet_key', kept);
    });
    const taken = await mine.archives.take(older);
    const at = columnOf(taken, 'account', 'address');
    const [there, lost] = rowsOf(taken, 'account').map((row) => String(row[at]));
    expect(await drillOf(older, [there as string])).toHaveLength(1);
    await expect(drillOf(older, [lost as string])).rejects.toEqual(code('DRILL_KEY_MISSING'));
  });
});

describe('a drill', () => {
  const rowsFor = ({ address, rows }: LabAccount) => ({ address, ...rows });

  it('of another project’s account, key or address is refused', async () => {
    const [account, second] = mine.accounts.map(rowsFor);
    const foreign = rowsFor(other.account);
    if (account === undefined || second === undefined) throw new Error('no accounts');
    const rootRecord = await mine.lab.rootRecord();
    const ask = (presented: typeof account, project = mine.project.rows) =>
      mine.enclave.call(drillRows, {
        contentDigest: new Uint8Array(32),
        rootRecord,
        project,
        accounts: [presented],
      });
    await ask(account);
    await expect(ask(foreign)).rejects.toEqual(code('SEALED_BLOB_REFUSED'));
    await expect(ask(account, other.project.rows)).rejects.toEqual(code('SEALED_BLOB_REFUSED'));
    await expect(ask({ ...account, walletKey: second.walletKey })).rejects.toEqual(
      code('SEALED_BLOB_REFUSED'),
    );
    await expect(ask({ ...account, walletKey: foreign.walletKey })).rejects.toEqual(
      code('SEALED_BLOB_REFUSED'),
    );
    await expect(ask({ ...account, address: second.address })).rejects.toEqual(code('SEALED_BLOB_REFUSED'));
  });

  it('at an enclave of another deployment gets nothing out of a stolen archive', async () => {
    const stolen = { ...mine, enclave: theirs.enclave };
    await expect(drillOf(mine.archive, addresses, stolen)).rejects.toEqual(code('ROOT_RECORD_REFUSED'));
  });

  it('of an older record brings it back for nobody, and takes nothing from the newer', async () => {
    const account = await createLabAccount(mine.enclave, mine.project);
    const path = `/v2/evm/accounts/${account.address}`;
    const client = signedRequest(mine.project, { method: 'PUT', path, body: { name: 'newer' } });
    const request = { client, project: mine.project.rows, account: account.rows.account };
    const { account: newer } = await mine.enclave.call(updateEvmAccount, request);
    const sign = (record: typeof newer) =>
      mine.enclave.call(signEvmHash, {
        client: signedRequest(mine.project, { path: `${path}/sign`, body: { hash: `0x${'ab'.repeat(32)}` } }),
        project: mine.project.rows,
        rows: { ...account.rows, account: record },
      });
    expect((await sign(newer)).status).toBe(200);
    const old = await mine.archives.write([{ project: mine.project, accounts: [account] }]);
    expect(await drillOf(old, [account.address])).toHaveLength(1);
    await expect(sign(account.rows.account)).rejects.toEqual(code('RECORD_OLDER_VERSION'));
    expect((await sign(newer)).status).toBe(200);
  });
});

describe('a restore that is announced', () => {
  it('raises the epoch each time and never lowers it; the record from before is refused', async () => {
    const { lab } = theirs;
    const before = await lab.rootRecord();
    const enclave = await lab.bootReady();
    const epoch = async () => (await certified(enclave, before)).securityEpoch;
    const announce = async (aboveEpoch: number) => {
      const { rootRecord } = await enclave.call(announceRestore, { aboveEpoch });
      await enclave.call(loadRootRecord, { rootRecord });
      return await epoch();
    };
    const first = await epoch();
    expect([await announce(first), await announce(first), await announce(first + 9)]).toEqual([
      first + 1,
      first + 2,
      first + 10,
    ]);
    expect(await announce(0)).toBe(first + 11);
    await expect(enclave.call(loadRootRecord, { rootRecord: before })).rejects.toEqual(
      code('RECORD_OLDER_VERSION'),
    );
    // However far one goes, the next restore can still be shown.
    expect([await announce(0x7fff_ffff), await announce(0x7fff_ffff)]).toEqual([2 ** 31, 2 ** 31 + 1]);
  });

  it('by another deployment is loaded by none of this', async () => {
    const enclave = await theirs.lab.bootReady();
    const { rootRecord } = await enclave.call(announceRestore, { aboveEpoch: 5 });
    await expect(mine.enclave.call(loadRootRecord, { rootRecord })).rejects.toEqual(
      code('ROOT_ALREADY_LOADED'),
    );
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
