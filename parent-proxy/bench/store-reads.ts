import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../src/store/open-store.ts';
import { newAccount, newProject } from '../test/store/store-fixtures.ts';

// CPU time of the store's part of a signing request: one look-up of the API key with its project, one of account and sealed key.
const ACCOUNTS = Number(process.env['ACCOUNTS'] ?? 1000);
const ROUNDS = 20_000;

const directory = mkdtempSync(join(tmpdir(), 'strongroom-bench-'));
const store = await openStore({ engine: 'sqlite', directory });
const project = newProject(['key']);
await store.addProject(project);
const accounts = Array.from({ length: ACCOUNTS }, () => newAccount(project.rows.projectId));
for (const account of accounts) await store.addAccount(account, null);
const anyAccount = () => accounts[Math.floor(Math.random() * ACCOUNTS)] ?? newAccount(project.rows.projectId);

async function measure(name: string, read: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 2000; i += 1) await read();
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i += 1) await read();
  const { user, system } = process.cpuUsage(before);
  console.log(`${name}: ${((user + system) / ROUNDS).toFixed(1)} us of CPU, ${ACCOUNTS} accounts`);
}

await measure('API key and project', () => store.findPrincipal('key'));
await measure('account and sealed key', () => store.findSigningRows(anyAccount()));
await measure('account by name', () =>
  store.findAccountByName({ projectId: project.rows.projectId, family: 'evm', name: 'absent' }),
);
await store.close();
rmSync(directory, { recursive: true, force: true });
