// A parent that mixes databases, drills what is not there and announces restores; and a thief with archive and identity.
import { announceRestore } from '@strongroom/shared/operations/announce-restore';
import { drillRows } from '@strongroom/shared/operations/drill-rows';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArchiveSource, verifyArchive } from '../../../parent-proxy/src/backup/read-backup.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { columnOf } from '../support/lab-archive.ts';
import {
  certifiedBackup,
  drillArchive,
  type LabBackup,
  openLabBackup,
  rowsOf,
} from '../support/lab-backup.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let mine: LabBackup;
let theirs: LabBackup;
let other: { readonly project: LabProject; readonly account: LabAccount };

beforeAll(async () => {
  [mine, theirs] = await Promise.all([openLabBackup(), openLabBackup()]);
  const project = await createLabProject(mine.enclave);
  other = { project, account: await createLabAccount(mine.enclave, project) };
});
afterAll(async () => {
  for (const side of [mine, theirs]) await side[Symbol.asyncDispose]();
});

const drillOf = (source: ArchiveSource, wanted: readonly string[], by = mine) =>
  drillArchive(source, wanted, by);

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
    await expect(drillOf(swapped, mine.addresses)).rejects.toEqual(code('DRILL_KEY_MISSING'));
    const renamed = await mine.archives.remake(mine.archive, (archive) => {
      const at = columnOf(archive, 'wallet_key', 'sealed');
      rowsOf(archive, 'wallet_key').forEach((row, index) => {
        row[at] = foreign[index]?.[at] ?? null;
      });
    });
    await expect(drillOf(renamed, mine.addresses)).rejects.toEqual(code('SEALED_BLOB_REFUSED'));
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
    await expect(drillOf(mine.archive, mine.addresses, stolen)).rejects.toEqual(code('ROOT_RECORD_REFUSED'));
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
    const epoch = async () => (await certifiedBackup(enclave, before)).securityEpoch;
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
