// What can happen to PostgreSQL's databases while a store is open: a typed error while it lasts, and the same store works again afterwards.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/secrets.ts';
import { openStore } from '../../src/store/open-store.ts';
import { DEFAULT_POSTGRES_SETTINGS } from '../../src/store/postgres-settings.ts';
import type { NewAccount, Store } from '../../src/store/store.ts';
import type { StoreError } from '../../src/store/store-error.ts';
import { type PostgresServer, startPostgres } from '../store/postgres-server.ts';
import { newAccount, newProject } from '../store/store-fixtures.ts';

const PAGE_BYTES = 8192;
const withCode = (code: string) => expect.objectContaining({ name: 'StoreError', code, message: code });

let server: PostgresServer;
let databases = 0;
let names: { readonly primary: string; readonly vault: string };
let urls: { readonly primary: string; readonly vault: string };

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  databases += 1;
  names = { primary: `primary_${databases}`, vault: `vault_${databases}` };
  urls = {
    primary: await server.createDatabase(names.primary),
    vault: await server.createDatabase(names.vault),
  };
});

function open(): Promise<Store> {
  const settings = { ...DEFAULT_POSTGRES_SETTINGS, lockTimeoutMs: 200, statementTimeoutMs: 2000 };
  const { primary, vault } = urls;
  return openStore({
    engine: 'postgres',
    primaryUrl: new Secret(primary),
    vaultUrl: new Secret(vault),
    settings,
  });
}

/** An operator's session, in a database of its own unless another is named. */
async function sessionOf(url = urls.primary.replace(/\/[^/]*$/, '/postgres')) {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    query: async (sql: string) => (await client.query(sql)).rows as Record<string, string>[],
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Changes a setting of a database, and ends its sessions, as a server does that another one took over from. */
async function alter(database: string, setting: string): Promise<void> {
  await using operator = await sessionOf();
  await operator.query(`alter database ${database} ${setting}`);
  await operator.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
  );
}

async function openWithAccount(): Promise<{ readonly store: Store; readonly account: NewAccount }> {
  const store = await open();
  const project = newProject();
  await store.addProject(project);
  const account = newAccount(project.rows.projectId);
  expect(await store.addAccount(account, null)).toBe('added');
  return { store, account };
}

async function relativePathOf(table: string): Promise<string> {
  await using operator = await sessionOf(urls.vault);
  const [row] = await operator.query(`select pg_relation_filepath('${table}') as path`);
  return row?.path ?? expect.fail('there is no such table');
}

/** Everything that was there is, and there may be more. */
async function expectWell(store: Store, account: NewAccount): Promise<void> {
  expect(await store.findSigningRows(account)).not.toBeNull();
  expect(await store.addAccount(newAccount(account.projectId), null)).toBe('added');
}

describe.each(['primary', 'vault'] as const)('a %s of PostgreSQL', (which) => {
  it('that is read-only for a while is read meanwhile, and written to afterwards', async () => {
    const { store, account } = await openWithAccount();
    await alter(names[which], 'set default_transaction_read_only = on');
    const add = () => store.addAccount(newAccount(account.projectId, { name: 'kept' }), null);
    // The store may still try sessions that have just been ended.
    await expect.poll(() => add().catch(({ code }: StoreError) => code)).toBe('STORE_READ_ONLY');
    await expect(add()).rejects.toThrow(withCode('STORE_READ_ONLY'));
    expect(await store.findSigningRows(account)).not.toBeNull();
    {
      await using operator = await sessionOf();
      // The sessions that the store has stay read-only.
      await operator.query(`alter database ${names[which]} reset default_transaction_read_only`);
    }
    // Each of them is given up when a write fails on it, and there are a few.
    await expect.poll(() => add().catch(({ code }: StoreError) => code), { timeout: 5000 }).toBe('added');
    await expectWell(store, account);
    await store.close();
  });

  it('that takes no connections for a while is found again', async () => {
    const { store, account } = await openWithAccount();
    await alter(names[which], 'allow_connections false');
    const refused = store.addAccount(newAccount(account.projectId), null);
    await expect(refused).rejects.toThrow(withCode('STORE_UNAVAILABLE'));
    await alter(names[which], 'allow_connections true');
    await expectWell(store, account);
    await store.close();
  });

  it('whose tables somebody locks is waited for no longer than is set', async () => {
    const { store, account } = await openWithAccount();
    {
      await using operator = await sessionOf(urls[which]);
      await operator.query('begin');
      await operator.query(`lock table ${which === 'primary' ? 'account' : 'wallet_key'}`);
      const refused = store.addAccount(newAccount(account.projectId), null);
      await expect(refused).rejects.toThrow(withCode('STORE_UNAVAILABLE'));
    }
    await expectWell(store, account);
    await store.close();
  });

  it('that a newer release has migrated is not opened', async () => {
    await (await open()).close();
    {
      await using operator = await sessionOf(urls[which]);
      await operator.query('update strongroom_database set schema_version = 99');
    }
    await expect(open()).rejects.toThrow(withCode('STORE_NEWER_SCHEMA'));
  });
});

describe('a page of PostgreSQL', () => {
  it('that the disk has garbled is an error, and read again once it is put right', {
    timeout: 60_000,
  }, async () => {
    const { store, account } = await openWithAccount();
    const path = join(server.dataDirectory, await relativePathOf('wallet_key'));
    // Stopped, it writes its pages, and forgets them.
    await server.stop();
    const intact = readFileSync(path);
    writeFileSync(path, Buffer.alloc(PAGE_BYTES, 0xff));
    await server.start();
    await expect(store.findSigningRows(account)).rejects.toThrow(withCode('STORE_CORRUPT'));
    writeFileSync(path, intact);
    await expectWell(store, account);
    await store.close();
  });
});
