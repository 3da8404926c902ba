import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Secret } from '../secrets.ts';
import { accountReads } from './account-reads.ts';
import { accountWrites } from './account-writes.ts';
import { apiKeyVerbs } from './api-keys.ts';
import { authorityVerbs } from './authority.ts';
import { backlogVerbs } from './backlog.ts';
import type { Engine, PreparedStatement } from './engine.ts';
import { idempotencyVerbs } from './idempotency.ts';
import { claimStoreId, migrate } from './migrate.ts';
import { PRIMARY_MIGRATIONS, VAULT_MIGRATIONS } from './migrations/migrations.ts';
import { nonceLeaseVerbs } from './nonce-leases.ts';
import { outboxVerbs } from './outbox.ts';
import { policyVerbs } from './policies.ts';
import { openPostgresEngine } from './postgres.ts';
import type { PostgresSettings } from './postgres-settings.ts';
import { importKeyVerbs, projectVerbs } from './projects.ts';
import { recoveryNoticeVerbs } from './recovery-notices.ts';
import { requestCountVerbs } from './request-counts.ts';
import { rootRecordVerbs } from './root-record.ts';
import { rotationVerbs } from './rotation.ts';
import type { PrimarySchema, VaultSchema } from './schema.ts';
import { smartAccountVerbs } from './smart-accounts.ts';
import { spendPermissionVerbs } from './spend-permissions.ts';
import { openSqliteEngine } from './sqlite.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';
import { transferReceiptVerbs } from './transfer-receipts.ts';
import { userOperationVerbs } from './user-operations.ts';
import { createVault, removeOrphans } from './vault.ts';

const PROBE: PreparedStatement = {
  name: 'probe',
  sql: 'select kind from strongroom_database',
  parameters: [],
};

/** The two databases of a store. */
export interface Engines {
  readonly primary: Engine<PrimarySchema>;
  readonly vault: Engine<VaultSchema>;
}

/** Where the two databases are: files in a directory, or two PostgreSQL databases, best on two servers. */
export type StoreLocation =
  | { readonly engine: 'sqlite'; readonly directory: string }
  | {
      readonly engine: 'postgres';
      readonly primaryUrl: Secret;
      readonly vaultUrl: Secret;
      readonly settings?: PostgresSettings;
    };

/**
 * Opens and migrates both databases.
 * @throws StoreError STORE_WRONG_DATABASE also when the two are of different stores, or the vault of a used primary is gone
 */
export async function openStore(location: StoreLocation): Promise<Store> {
  const engines = openEngines(location);
  try {
    const primary = await migrate(engines.primary, 'primary', PRIMARY_MIGRATIONS);
    const vault = await migrate(engines.vault, 'vault', VAULT_MIGRATIONS);
    await pair(engines, primary.storeId, vault.storeId);
    return createStore(engines);
  } catch (error) {
    await closeEngines(engines);
    throw error;
  }
}

/** Opens both databases as they are. @throws StoreError */
export function openEngines(location: StoreLocation): Engines {
  if (location.engine === 'postgres') {
    return {
      primary: openPostgresEngine(location.primaryUrl, location.settings),
      vault: openPostgresEngine(location.vaultUrl, location.settings),
    };
  }
  try {
    mkdirSync(location.directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StoreError('STORE_UNAVAILABLE', { cause });
  }
  return {
    primary: openSqliteEngine(join(location.directory, 'primary.sqlite')),
    vault: openSqliteEngine(join(location.directory, 'vault.sqlite')),
  };
}

function createStore(engines: Engines): Store {
  const vault = createVault(engines.vault);
  return {
    ...rootRecordVerbs(engines.primary),
    ...projectVerbs(engines.primary),
    ...importKeyVerbs(engines.primary),
    ...authorityVerbs(engines.primary),
    ...apiKeyVerbs(engines.primary),
    ...policyVerbs(engines.primary),
    ...requestCountVerbs(engines.primary),
    ...accountReads(engines.primary, vault),
    ...accountWrites(engines.primary, vault),
    ...idempotencyVerbs(engines.primary),
    ...outboxVerbs(engines.primary),
    ...nonceLeaseVerbs(engines.primary),
    ...smartAccountVerbs(engines.primary),
    ...userOperationVerbs(engines.primary),
    ...spendPermissionVerbs(engines.primary),
    ...transferReceiptVerbs(engines.primary),
    ...recoveryNoticeVerbs(engines.primary),
    ...rotationVerbs(engines),
    ...backlogVerbs(engines.primary),
    removeOrphanedWalletKeys: (nowMs) => removeOrphans(engines, nowMs),
    async assertReadable() {
      await engines.primary.read(PROBE, []);
      await engines.vault.read(PROBE, []);
    },
    close: () => closeEngines(engines),
  };
}

/** Gives a new pair its id, and refuses two halves of different pairs: keys and accounts would not find each other. */
async function pair(
  engines: Engines,
  storedId: Uint8Array | null,
  vaultId: Uint8Array | null,
): Promise<void> {
  if (vaultId === null && (await hasAccounts(engines.primary))) throw new StoreError('STORE_WRONG_DATABASE');
  const storeId = storedId ?? (await claimStoreId(engines.primary, randomBytes(16)));
  const pairedId = vaultId ?? (await claimStoreId(engines.vault, storeId));
  if (!Buffer.from(storeId).equals(pairedId)) throw new StoreError('STORE_WRONG_DATABASE');
}

async function hasAccounts(primary: Engine<PrimarySchema>): Promise<boolean> {
  return await primary.transaction(async (transaction) => {
    return (
      (await transaction.selectFrom('account').select('address').limit(1).executeTakeFirst()) !== undefined
    );
  });
}

export async function closeEngines({ primary, vault }: Engines): Promise<void> {
  await Promise.allSettled([primary.close(), vault.close()]);
}
