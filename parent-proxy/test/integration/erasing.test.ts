import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { newAccount, newProject } from '../store/store-fixtures.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'strongroom-erasing-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Names of the files in which these bytes are. */
function filesWith(bytes: Uint8Array): string[] {
  return readdirSync(directory).filter((name) =>
    readFileSync(join(directory, name)).includes(Buffer.from(bytes)),
  );
}

/** A store with one account whose blobs, and those of its project, were replaced. */
async function storeWithReplacedRows() {
  const store = await openStore({ engine: 'sqlite', directory });
  const project = newProject();
  const { projectId, authority, clientSecret } = project.rows;
  const account = newAccount(projectId);
  await store.addProject(project);
  await store.addAccount(account, null);
  const importKey = newAccount(projectId).walletKey;
  await store.keepFirstImportKey(projectId, importKey);
  const old = [authority.sealed, clientSecret, importKey, account.record.sealed, account.walletKey];
  const replaced = (from: Uint8Array) => ({ from, to: Uint8Array.from(from, (byte) => byte ^ 0xff) });
  const replacement = {
    ...{ projectId, family: 'evm' as const, addressKey: account.address.toLowerCase() },
    ...{ vaultId: account.vaultId, account: replaced(account.record.sealed) },
    walletKey: replaced(account.walletKey),
  };
  const replace = async () => {
    await store.replaceSealedProject({
      projectId,
      authority: replaced(authority.sealed),
      clientSecret: replaced(clientSecret),
      importKey: replaced(importKey),
    });
    await store.replaceSealedAccounts([replacement]);
  };
  return { store, account, old, replace };
}

describe('what is replaced in a SQLite store', () => {
  it('is in no file any more once it was erased', async () => {
    const { store, account, old, replace } = await storeWithReplacedRows();
    for (const blob of old) expect(filesWith(blob)).not.toEqual([]);
    await replace();
    expect(await store.eraseReplaced()).toBe(true);
    for (const blob of old) expect(filesWith(blob)).toEqual([]);
    for (const blob of old) expect(filesWith(blob.map((byte) => byte ^ 0xff))).toHaveLength(1);
    expect(await store.findSigningRows(account)).not.toBeNull();
    await store.close();
  });

  it('stays in the journal while another process reads from it, which is told', async () => {
    const { store, old, replace } = await storeWithReplacedRows();
    const other = new DatabaseSync(join(directory, 'vault.sqlite'), { readOnly: true });
    other.exec('BEGIN');
    other.prepare('SELECT count(*) FROM wallet_key').get();
    await replace();
    expect(await store.eraseReplaced()).toBe(false);
    expect(old.flatMap(filesWith)).toContain('vault.sqlite-wal');
    other.exec('COMMIT');
    other.close();
    expect(await store.eraseReplaced()).toBe(true);
    for (const blob of old) expect(filesWith(blob)).toEqual([]);
    await store.close();
  });
});
