import { type Engine, prepareRead } from './engine.ts';
import type { PrimarySchema, VaultSchema } from './schema.ts';
import type { OrphanReport } from './store.ts';

const DAY_MS = 86_400_000;
/** No create takes days: a key without an account after so long belongs to a create that a crash cut in half. */
const ORPHAN_AGE_DAYS = 7;
/** More than this is not what crashes leave. */
const MAX_ORPHANS = 100;
const BATCH = 200;

/** Sealed wallet keys under random ids. */
export interface Vault {
  read(vaultId: Uint8Array): Promise<Uint8Array | null>;
  add(vaultId: Uint8Array, sealed: Uint8Array, nowMs: number): Promise<void>;
  remove(vaultId: Uint8Array): Promise<void>;
  isEmpty(): Promise<boolean>;
}

export function createVault(engine: Engine<VaultSchema>): Vault {
  const byId = prepareRead(engine, 'wallet-key', (db: typeof engine.builder, { id }: { id: Uint8Array }) =>
    db.selectFrom('wallet_key').where('vault_id', '=', id).select('sealed'),
  );
  return {
    async read(vaultId) {
      const [row] = await byId({ id: vaultId });
      return row?.sealed ?? null;
    },
    async add(vaultId, sealed, nowMs) {
      const row = { vault_id: vaultId, sealed, stored_day: Math.floor(nowMs / DAY_MS) };
      await engine.transaction((transaction) => transaction.insertInto('wallet_key').values(row).execute());
    },
    async remove(vaultId) {
      await engine.transaction((transaction) =>
        transaction.deleteFrom('wallet_key').where('vault_id', '=', vaultId).execute(),
      );
    },
    isEmpty: () =>
      engine.transaction(async (transaction) => {
        const row = await transaction.selectFrom('wallet_key').select('vault_id').limit(1).executeTakeFirst();
        return row === undefined;
      }),
  };
}

/** Walks the old keys of the vault in batches and removes those that no account names, unless they are suspiciously many. */
export async function removeOrphans(
  { primary, vault }: { readonly primary: Engine<PrimarySchema>; readonly vault: Engine<VaultSchema> },
  nowMs: number,
): Promise<OrphanReport> {
  const before = Math.floor(nowMs / DAY_MS) - ORPHAN_AGE_DAYS;
  const orphans: Uint8Array[] = [];
  for await (const ids of oldVaultIds(vault, before)) {
    const named = await namedBy(primary, ids);
    orphans.push(...ids.filter((id) => !named.has(hexOf(id))));
    if (orphans.length > MAX_ORPHANS) return { removed: 0, isSuspicious: true };
  }
  for (const id of orphans) {
    await vault.transaction((transaction) =>
      transaction
        .deleteFrom('wallet_key')
        .where('vault_id', '=', id)
        .where('stored_day', '<', before)
        .execute(),
    );
  }
  return { removed: orphans.length, isSuspicious: false };
}

async function* oldVaultIds(
  vault: Engine<VaultSchema>,
  before: number,
): AsyncGenerator<readonly Uint8Array[]> {
  let after: Uint8Array = new Uint8Array(0);
  for (;;) {
    const rows = await vault.transaction((transaction) =>
      transaction
        .selectFrom('wallet_key')
        .select('vault_id')
        .where('stored_day', '<', before)
        .where('vault_id', '>', after)
        .orderBy('vault_id')
        .limit(BATCH)
        .execute(),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) => row.vault_id);
    after = last.vault_id;
  }
}

async function namedBy(
  primary: Engine<PrimarySchema>,
  ids: readonly Uint8Array[],
): Promise<ReadonlySet<string>> {
  const rows = await primary.transaction((transaction) =>
    transaction.selectFrom('account').select('vault_id').where('vault_id', 'in', ids).execute(),
  );
  return new Set(rows.map((row) => hexOf(row.vault_id)));
}

function hexOf(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
