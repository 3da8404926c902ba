import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newAccount, newProject } from '../../test/store/store-fixtures.ts';
import type { RotationStore, SealedAccount } from '../store/rotation-store.ts';
import { startLazyReseal } from './lazy-reseal.ts';

const OLD = 1;
const CURRENT = 2;

/** A sealed blob as far as the parent can read it: a byte, then the generation. */
function blob(generation: number): Buffer {
  const bytes = randomBytes(60);
  bytes.writeUInt32BE(generation, 1);
  return bytes;
}

function rowsOf(generation: number) {
  const { rows } = newProject();
  const { version } = rows.authority;
  const project = {
    ...rows,
    authority: { version, sealed: blob(generation) },
    clientSecret: blob(generation),
  };
  const { address } = newAccount(project.projectId);
  const account = { version: 1, sealed: blob(generation) };
  const key = { projectId: project.projectId, family: 'evm', address } as const;
  return { key, used: { project, rows: { account, walletKey: blob(generation) } } };
}

/** A store of one project's rows, and an enclave that seals whatever it is shown under the current generation. */
function start({ key, used }: ReturnType<typeof rowsOf>, call = sealAnew) {
  const replaced: string[] = [];
  const { project, rows } = used;
  const store = {
    findSealedProject: async () => ({ rows: project, importKey: null }),
    readSealedAccounts: async (_id: Uint8Array, positions: readonly { addressKey: string }[]) =>
      positions.map(
        ({ addressKey }): SealedAccount => ({
          ...{ family: 'evm', addressKey, address: key.address },
          ...{ vaultId: randomBytes(16), ...rows },
        }),
      ),
    replaceSealedProject: async () => void replaced.push('project'),
    replaceSealedAccounts: async () => void replaced.push('account'),
  } as unknown as RotationStore;
  return { replaced, lazy: startLazyReseal({ call: call as never, store, generation: () => CURRENT }) };
}

async function sealAnew(_operation: unknown, { accounts }: { accounts: unknown[] }) {
  const sealed = { account: blob(CURRENT), walletKey: blob(CURRENT) };
  return {
    authority: blob(CURRENT),
    clientSecret: blob(CURRENT),
    importKey: null,
    accounts: accounts.map(() => sealed),
  };
}

describe('resealing on use', () => {
  it('replaces rows of an older generation, once', async () => {
    const rows = rowsOf(OLD);
    const { lazy, replaced } = start(rows);
    for (let use = 0; use < 3; use += 1) lazy.note(rows.key, rows.used);
    expect(lazy.counts).toEqual({ waiting: 1, resealed: 0, failed: 0 });
    await expect.poll(() => lazy.counts).toEqual({ waiting: 0, resealed: 2, failed: 0 });
    expect(replaced).toEqual(['project', 'account']);
    await lazy.stop();
  });

  it('leaves rows of the current and of a later generation alone', async () => {
    for (const generation of [CURRENT, CURRENT + 1]) {
      const rows = rowsOf(generation);
      const { lazy } = start(rows);
      lazy.note(rows.key, rows.used);
      expect(lazy.counts.waiting).toBe(0);
      await lazy.stop();
    }
  });

  it('counts what fails and takes it up at the next use', async () => {
    const rows = rowsOf(OLD);
    let isDown = true;
    const { lazy } = start(rows, async (...args) => {
      if (isDown) throw new Error('down');
      return await sealAnew(...args);
    });
    lazy.note(rows.key, rows.used);
    await expect.poll(() => lazy.counts).toEqual({ waiting: 0, resealed: 0, failed: 1 });
    isDown = false;
    lazy.note(rows.key, rows.used);
    await expect.poll(() => lazy.counts.resealed, { timeout: 5000 }).toBe(2);
    await lazy.stop();
  });

  it('forgets what comes when too much waits, and when it is stopped', async () => {
    const first = rowsOf(OLD);
    const { lazy } = start(first, () => new Promise<never>(() => undefined));
    for (let index = 0; index < 300; index += 1) {
      const { key, used } = rowsOf(OLD);
      lazy.note(key, used);
    }
    expect(lazy.counts.waiting).toBe(256);
  });
});
