import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/open-store.ts';
import { newAccount, newProject } from './store-fixtures.ts';

// Adds accounts to the store in the directory of its argument, eight at a time, and prints the address of each that it may be told of.
const [directory = ''] = process.argv.slice(2);
const store = await openStore({ engine: 'sqlite', directory });
const project = newProject();
await store.addProject(project);
writeSync(1, `${Buffer.from(project.rows.projectId).toString('hex')}\n`);

async function work(): Promise<never> {
  for (;;) {
    const account = newAccount(project.rows.projectId);
    await store.addAccount(account, null);
    writeSync(1, `${account.address}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, work));
