import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { describeStoreContract } from '../store/contract.ts';
import { describeArchivedTables } from '../store/describe-archived-tables.ts';

const directory = mkdtempSync(join(tmpdir(), 'strongroom-store-'));
const open = () => openStore({ engine: 'sqlite', directory });

describeStoreContract('SQLite', {
  open,
  async reopen(store) {
    await store.close();
    return await open();
  },
});

describeArchivedTables('SQLite', async () => ({
  engine: 'sqlite',
  directory: mkdtempSync(join(directory, 'archived-')),
}));

afterAll(() => rmSync(directory, { recursive: true, force: true }));
