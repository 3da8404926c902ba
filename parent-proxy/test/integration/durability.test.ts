import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { AddAccountOutcome, Store } from '../../src/store/store.ts';
import { StoreError, type StoreErrorCode } from '../../src/store/store-error.ts';
import { startFixture } from '../proxy-fixture.ts';

const EVM = '/v2/evm/accounts';

describe('killing the process while it creates accounts', () => {
  it('loses none that was told of, and leaves none without its key', { timeout: 120_000 }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'strongroom-kill-'));
    let toldOf = 0;
    for (let round = 0; round < 8; round += 1) {
      const told = await createAndKill(directory, 40 + 60 * round);
      const [projectId = '', ...addresses] = told;
      const store = await openStore({ engine: 'sqlite', directory });
      const key = { projectId: Buffer.from(projectId, 'hex'), family: 'evm' } as const;
      for (const address of addresses)
        expect(await store.findSigningRows({ ...key, address })).not.toBeNull();
      const { rows: accounts } = await store.listAccounts({ ...key, limit: 100_000, after: null });
      expect(accounts.length).toBeGreaterThanOrEqual(addresses.length);
      for (const { address } of accounts)
        expect(await store.findSigningRows({ ...key, address })).not.toBeNull();
      await store.close();
      toldOf += addresses.length;
    }
    expect(toldOf).toBeGreaterThan(100);
    rmSync(directory, { recursive: true, force: true });
  });
});

/** Runs the creating process until `afterMs` after its first account and returns the lines that it had printed in full. */
async function createAndKill(directory: string, afterMs: number): Promise<string[]> {
  const script = fileURLToPath(new URL('../store/create-accounts.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--conditions=source', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    output += chunk;
  });
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  return output.split('\n').slice(0, -1);
}

describe('a create', () => {
  const withAddAccount = (addAccount: Store['addAccount']) => (store: Store) => ({ ...store, addAccount });

  it('is answered only when the store says that it is durable', async () => {
    let settle: (outcome: AddAccountOutcome) => void = () => undefined;
    const stored = new Promise<AddAccountOutcome>((resolve) => {
      settle = resolve;
    });
    await using fixture = await startFixture({ wrapStore: withAddAccount(() => stored) });
    let isAnswered = false;
    const reply = fixture.send('POST', EVM, { body: '{}' }).finally(() => {
      isAnswered = true;
    });
    await expect.poll(() => fixture.enclave.calls).toContain('create-evm-account');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isAnswered).toBe(false);
    settle('added');
    expect((await reply).status).toBe(201);
  });

  it.each<StoreErrorCode>([
    'STORE_FULL',
    'STORE_READ_ONLY',
    'STORE_CORRUPT',
    'STORE_UNAVAILABLE',
    'STORE_SERIALIZATION',
  ])('that cannot be stored (%s) is no account, and the service goes on', async (code) => {
    let isBroken = true;
    const addAccount =
      (store: Store): Store['addAccount'] =>
      async (account, claim) => {
        if (isBroken) throw new StoreError(code, { cause: new Error('secret detail') });
        return await store.addAccount(account, claim);
      };
    await using fixture = await startFixture({
      wrapStore: (store) => ({ ...store, addAccount: addAccount(store) }),
    });
    const headers = { 'x-idempotency-key': 'key' };
    const refused = await fixture.send('POST', EVM, { body: '{"name":"kept"}', headers });
    expect([refused.status, refused.json.errorType]).toEqual([503, 'service_unavailable']);
    expect(fixture.logLines.join('')).toContain(code);
    expect(fixture.logLines.join('')).not.toContain('secret detail');
    isBroken = false;
    expect((await fixture.send('POST', EVM, { body: '{"name":"kept"}', headers })).status).toBe(201);
  });
});
