import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/secrets.ts';
import { openStore, type StoreLocation } from '../../src/store/open-store.ts';
import { openPostgresEngine } from '../../src/store/postgres.ts';
import type { PrimarySchema } from '../../src/store/schema.ts';
import type { Store } from '../../src/store/store.ts';
import { describeStoreContract } from '../store/contract.ts';
import { describeArchivedTables } from '../store/describe-archived-tables.ts';
import { type PostgresServer, startPostgres } from '../store/postgres-server.ts';
import { newAccount, newProject } from '../store/store-fixtures.ts';

let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Urls {
  readonly primary: string;
  readonly vault: string;
}

async function createDatabases(): Promise<Urls> {
  databases += 1;
  return {
    primary: await server.createDatabase(`primary_${databases}`),
    vault: await server.createDatabase(`vault_${databases}`),
  };
}

const locationOf = ({ primary, vault }: Urls): StoreLocation => ({
  engine: 'postgres',
  primaryUrl: new Secret(primary),
  vaultUrl: new Secret(vault),
});
const open = (urls: Urls): Promise<Store> => openStore(locationOf(urls));
const withCode = (code: string) => expect.objectContaining({ name: 'StoreError', code });

describe('the contract', () => {
  let urls: Urls;
  describeStoreContract('PostgreSQL', {
    async open() {
      urls = await createDatabases();
      return await open(urls);
    },
    async reopen(store) {
      await store.close();
      return await open(urls);
    },
  });
});

describeArchivedTables('PostgreSQL', async () => locationOf(await createDatabases()));

describe('a PostgreSQL store', () => {
  it('is shared by proxies that start at the same time', async () => {
    const urls = await createDatabases();
    const stores = await Promise.all([open(urls), open(urls), open(urls)]);
    const project = newProject();
    const added = await Promise.all(stores.map((store) => store.addProject(project)));
    expect(added.toSorted()).toEqual(['added', 'project-taken', 'project-taken']);
    const outcomes = await Promise.all(
      stores.flatMap((store) =>
        [1, 2].map(() => store.addAccount(newAccount(project.rows.projectId, { name: 'shared' }), null)),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(1);
    const request = {
      projectId: project.rows.projectId,
      method: 'POST',
      path: '/',
      key: 'k',
      fingerprint: new Uint8Array(32),
    };
    const claims = await Promise.all(stores.map((store) => store.claimIdempotencyKey(request, 0)));
    expect(claims.map(({ kind }) => kind).toSorted()).toEqual(['claimed', 'in-progress', 'in-progress']);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('comes back when its server does', async () => {
    const store = await open(await createDatabases());
    const project = newProject(['key']);
    await store.addProject(project);
    await server.stop();
    await expect(store.findPrincipal('key')).rejects.toThrow(withCode('STORE_UNAVAILABLE'));
    await expect(store.addAccount(newAccount(project.rows.projectId), null)).rejects.toThrow(
      withCode('STORE_UNAVAILABLE'),
    );
    await server.start();
    expect(await store.findPrincipal('key')).not.toBeNull();
    expect(await store.addAccount(newAccount(project.rows.projectId), null)).toBe('added');
    await store.close();
  });

  it('fails a transaction whose session the server loses, and works again', async () => {
    const { primary } = await createDatabases();
    const engine = openPostgresEngine<PrimarySchema>(new Secret(primary));
    const walWriter = await server.walWriter();
    const interrupted = engine.transaction(async (transaction) => {
      await sql`select 1`.execute(transaction);
      process.kill(walWriter, 'SIGKILL');
      // The session ends while nothing is asked of it.
      await server.walWriter(walWriter);
      await sql`select 1`.execute(transaction);
    });
    await expect(interrupted).rejects.toThrow(withCode('STORE_UNAVAILABLE'));
    await engine.transaction((transaction) => sql`select 1`.execute(transaction));
    await engine.close();
  });

  it('is refused when the databases are swapped, foreign, or absent', async () => {
    const urls = await createDatabases();
    await (await open(urls)).close();
    await expect(open({ primary: urls.vault, vault: urls.primary })).rejects.toThrow(
      withCode('STORE_WRONG_DATABASE'),
    );
    const other = await createDatabases();
    await (await open(other)).close();
    await expect(open({ primary: urls.primary, vault: other.vault })).rejects.toThrow(
      withCode('STORE_WRONG_DATABASE'),
    );
    const absent = urls.primary.replace(/primary_\d+$/, 'absent');
    await expect(open({ primary: absent, vault: urls.vault })).rejects.toThrow(
      withCode('STORE_WRONG_DATABASE'),
    );
  });
});
