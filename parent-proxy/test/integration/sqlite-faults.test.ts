import { randomBytes } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { VaultSchema } from '../../src/store/schema.ts';
import { openSqliteEngine } from '../../src/store/sqlite.ts';
import { createVault } from '../../src/store/vault.ts';
import { newAccount, newProject } from '../store/store-fixtures.ts';

const NOW_MS = 1_767_225_600_000;
const DAY_MS = 86_400_000;
let directory: string;
const file = (name: string) => join(directory, name);
const open = (at = directory) => openStore({ engine: 'sqlite', directory: at });
const withCode = (code: string) => expect.objectContaining({ name: 'StoreError', code, message: code });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'strongroom-faults-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function alter(name: string, statement: string): void {
  const database = new DatabaseSync(file(name));
  database.exec(statement);
  database.close();
}

/** A store that holds one account, closed. */
async function storeWithAccount() {
  const store = await open();
  const project = newProject(['key']);
  await store.addProject(project);
  const account = newAccount(project.rows.projectId, { createdAtMs: NOW_MS });
  await store.addAccount(account, null);
  await store.close();
  return account;
}

describe('a SQLite store is refused', () => {
  it.each(['primary.sqlite', 'vault.sqlite'])('when a newer release has migrated %s', async (name) => {
    await storeWithAccount();
    alter(name, 'UPDATE strongroom_database SET schema_version = 99');
    await expect(open()).rejects.toThrow(withCode('STORE_NEWER_SCHEMA'));
  });

  it('when the two files are swapped', async () => {
    await storeWithAccount();
    copyFileSync(file('primary.sqlite'), file('copy'));
    copyFileSync(file('vault.sqlite'), file('primary.sqlite'));
    copyFileSync(file('copy'), file('vault.sqlite'));
    await expect(open()).rejects.toThrow(withCode('STORE_WRONG_DATABASE'));
  });

  it("when a file is another program's", async () => {
    alter('primary.sqlite', 'CREATE TABLE customers (name text)');
    await expect(open()).rejects.toThrow(withCode('STORE_WRONG_DATABASE'));
    const database = new DatabaseSync(file('primary.sqlite'));
    expect(database.prepare('SELECT name FROM sqlite_master').all()).toHaveLength(1);
    database.close();
  });

  it('when a file is no database', async () => {
    writeFileSync(file('vault.sqlite'), randomBytes(8192));
    await expect(open()).rejects.toThrow(withCode('STORE_WRONG_DATABASE'));
  });

  it('when the vault is of another store', async () => {
    await storeWithAccount();
    const other = join(directory, 'other');
    await (await open(other)).close();
    copyFileSync(join(other, 'vault.sqlite'), file('vault.sqlite'));
    await expect(open()).rejects.toThrow(withCode('STORE_WRONG_DATABASE'));
  });

  it('when the vault of existing accounts is gone', async () => {
    await storeWithAccount();
    for (const suffix of ['', '-wal', '-shm']) rmSync(file(`vault.sqlite${suffix}`), { force: true });
    await expect(open()).rejects.toThrow(withCode('STORE_WRONG_DATABASE'));
  });

  it('when its directory cannot be made', async () => {
    writeFileSync(file('occupied'), '');
    await expect(open(file('occupied'))).rejects.toThrow(withCode('STORE_UNAVAILABLE'));
  });
});

describe('a SQLite store recovers', () => {
  it('from a full disk, and has lost nothing', async () => {
    await storeWithAccount();
    const engine = openSqliteEngine<VaultSchema>(file('vault.sqlite'));
    const vault = createVault(engine);
    await sql.raw('PRAGMA max_page_count = 12').execute(engine.builder);
    const kept: Uint8Array[] = [];
    const fill = async () => {
      for (;;) {
        const id = randomBytes(16);
        await vault.add(id, randomBytes(3000), NOW_MS);
        kept.push(id);
      }
    };
    await expect(fill()).rejects.toThrow(withCode('STORE_FULL'));
    expect(kept.length).toBeGreaterThan(2);
    for (const id of kept) expect(await vault.read(id)).toHaveLength(3000);
    await sql.raw('PRAGMA max_page_count = 1000').execute(engine.builder);
    await vault.add(randomBytes(16), randomBytes(3000), NOW_MS);
    await engine.close();
  });

  it('from a disk that was read-only for a while', async () => {
    await storeWithAccount();
    const engine = openSqliteEngine<VaultSchema>(file('vault.sqlite'));
    const vault = createVault(engine);
    await sql.raw('PRAGMA query_only = ON').execute(engine.builder);
    await expect(vault.add(randomBytes(16), randomBytes(9), NOW_MS)).rejects.toThrow(
      withCode('STORE_READ_ONLY'),
    );
    await vault.add(randomBytes(16), randomBytes(9), NOW_MS);
    await engine.close();
  });

  it('from another process that held the database', async () => {
    const account = await storeWithAccount();
    const store = await open();
    const other = new DatabaseSync(file('primary.sqlite'));
    other.exec('BEGIN EXCLUSIVE');
    const blocked = store.addAccount(newAccount(account.projectId), null);
    await expect(blocked).rejects.toThrow(withCode('STORE_SERIALIZATION'));
    // Readers never wait for a writer.
    expect(await store.findSigningRows(account)).not.toBeNull();
    other.exec('ROLLBACK');
    other.close();
    expect(await store.addAccount(newAccount(account.projectId), null)).toBe('added');
    await store.close();
  });

  it('from a corrupted file once the file is put right', async () => {
    const account = await storeWithAccount();
    const intact = file('intact');
    copyFileSync(file('vault.sqlite'), intact);
    const store = await open();
    overwritePages(file('vault.sqlite'));
    await expect(store.findSigningRows(account)).rejects.toThrow(withCode('STORE_CORRUPT'));
    copyFileSync(intact, file('vault.sqlite'));
    expect(await store.findSigningRows(account)).not.toBeNull();
    await store.close();
  });
});

/** Writes nonsense over every page but the first. */
function overwritePages(path: string): void {
  const length = statSync(path).size - 4096;
  const handle = openSync(path, 'r+');
  writeSync(handle, Buffer.alloc(length, 0xff), 0, length, 4096);
  closeSync(handle);
}

describe('the files', () => {
  it("are their owner's alone", async () => {
    await storeWithAccount();
    for (const name of ['primary.sqlite', 'vault.sqlite'])
      expect(statSync(file(name)).mode & 0o777).toBe(0o600);
  });

  it('stay closed after the store is', async () => {
    const account = await storeWithAccount();
    const store = await open();
    await store.close();
    await expect(store.findAccount(account)).rejects.toThrow(withCode('STORE_UNAVAILABLE'));
  });
});

describe('every commit', () => {
  it('is on the disk before it returns', async () => {
    const engine = openSqliteEngine<VaultSchema>(file('vault.sqlite'));
    const pragma = async (name: string) =>
      Object.values((await sql.raw(`PRAGMA ${name}`).execute(engine.builder)).rows[0] as object)[0];
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('foreign_keys')).toBe(1);
    await engine.close();
  });
});

describe('keys without an account', () => {
  async function storeWithOrphans(count: number) {
    const account = await storeWithAccount();
    const engine = openSqliteEngine<VaultSchema>(file('vault.sqlite'));
    const vault = createVault(engine);
    const ids = Array.from({ length: count }, () => randomBytes(16));
    for (const id of ids) await vault.add(id, randomBytes(9), NOW_MS);
    return { account, engine, vault, ids, store: await open() };
  }

  it('stay for a week, also through a start, and go then', async () => {
    const { account, engine, vault, ids, store } = await storeWithOrphans(3);
    expect(await store.removeOrphanedWalletKeys(NOW_MS + 7 * DAY_MS)).toEqual({
      removed: 0,
      isSuspicious: false,
    });
    expect(await vault.read(ids[0] as Uint8Array)).not.toBeNull();
    expect(await store.removeOrphanedWalletKeys(NOW_MS + 8 * DAY_MS)).toEqual({
      removed: 3,
      isSuspicious: false,
    });
    for (const id of ids) expect(await vault.read(id)).toBeNull();
    expect(await store.findSigningRows(account)).not.toBeNull();
    await store.close();
    await engine.close();
  });

  it('stay when they are more than crashes explain', async () => {
    const { engine, vault, ids, store } = await storeWithOrphans(250);
    expect(await store.removeOrphanedWalletKeys(NOW_MS + 365 * DAY_MS)).toEqual({
      removed: 0,
      isSuspicious: true,
    });
    for (const id of ids) expect(await vault.read(id)).not.toBeNull();
    await store.close();
    await engine.close();
  });

  it('are not left by a create that another one forestalled', async () => {
    const account = await storeWithAccount();
    const store = await open();
    await store.addAccount(newAccount(account.projectId, { name: 'one' }), null);
    const late = newAccount(account.projectId, { name: 'one' });
    expect(await store.addAccount(late, null)).toBe('name-taken');
    await store.close();
    const engine = openSqliteEngine<VaultSchema>(file('vault.sqlite'));
    expect(await createVault(engine).read(late.vaultId)).toBeNull();
    await engine.close();
  });
});
