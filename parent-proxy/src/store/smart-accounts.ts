import type { Engine } from './engine.ts';
import { finishClaim } from './idempotency.ts';
import { type PageArguments, pageArguments, toPage } from './page.ts';
import type { PrimarySchema, SmartAccountTable } from './schema.ts';
import type { SmartAccount, SmartAccountStore } from './smart-account-store.ts';
import { StoreError } from './store-error.ts';

type SmartAccountVerbs = Pick<
  SmartAccountStore,
  | 'findSmartAccount'
  | 'findSmartAccountByName'
  | 'listSmartAccounts'
  | 'addSmartAccount'
  | 'renameSmartAccount'
>;
type Builder = Engine<PrimarySchema>['builder'];

export function smartAccountVerbs(primary: Engine<PrimarySchema>): SmartAccountVerbs {
  return {
    findSmartAccount: ({ projectId, address }) =>
      findOne(primary, projectId, 'address_key', address.toLowerCase()),
    findSmartAccountByName: (projectId, name) => findOne(primary, projectId, 'name', name),
    listSmartAccounts: ({ projectId, ...page }) =>
      primary.transaction(async (transaction) => {
        const rows = await pageOf(transaction, projectId, pageArguments(page)).execute();
        return toPage(rows, page.limit, {
          cursorOf: (row) => ({ createdAtMs: row.created_at_ms, key: row.address_key }),
          show: toSmartAccount,
        });
      }),
    async addSmartAccount(account, claim) {
      try {
        return await primary.transaction(async (transaction) => {
          if (claim !== null && !(await finishClaim(transaction, claim, account.address.toLowerCase())))
            return 'claim-lost';
          await transaction.insertInto('smart_account').values(toRow(account)).execute();
          return 'added';
        });
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        const existing = await findOne(
          primary,
          account.projectId,
          'address_key',
          account.address.toLowerCase(),
        );
        return existing === null ? 'name-taken' : 'address-taken';
      }
    },
    async renameSmartAccount({ projectId, address }, name, updatedAtMs) {
      try {
        const { numUpdatedRows } = await primary.transaction((transaction) =>
          transaction
            .updateTable('smart_account')
            .set({ name, updated_at_ms: updatedAtMs })
            .where('project_id', '=', projectId)
            .where('address_key', '=', address.toLowerCase())
            .executeTakeFirstOrThrow(),
        );
        return numUpdatedRows === 1n ? 'renamed' : 'not-found';
      } catch (error) {
        if (isUniqueViolation(error)) return 'name-taken';
        throw error;
      }
    },
  };
}

async function findOne(
  primary: Engine<PrimarySchema>,
  projectId: Uint8Array,
  column: 'address_key' | 'name',
  value: string,
): Promise<SmartAccount | null> {
  const row = await primary.transaction((transaction) =>
    transaction
      .selectFrom('smart_account')
      .selectAll()
      .where('project_id', '=', projectId)
      .where(column, '=', value)
      .executeTakeFirst(),
  );
  return row === undefined ? null : toSmartAccount(row);
}

function pageOf(db: Builder, projectId: Uint8Array, { createdAtMs, key, limit }: PageArguments) {
  return db
    .selectFrom('smart_account')
    .selectAll()
    .where('project_id', '=', projectId)
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at_ms', 'address_key'), '<', tuple(createdAtMs, key)),
    )
    .orderBy('created_at_ms', 'desc')
    .orderBy('address_key', 'desc')
    .limit(limit);
}

function toRow(account: SmartAccount): SmartAccountTable {
  return {
    project_id: account.projectId,
    address_key: account.address.toLowerCase(),
    address: account.address,
    owners: JSON.stringify(account.owners),
    name: account.name,
    created_at_ms: account.createdAtMs,
    updated_at_ms: account.updatedAtMs,
  };
}

function toSmartAccount(row: SmartAccountTable): SmartAccount {
  return {
    projectId: row.project_id,
    address: row.address,
    owners: JSON.parse(row.owners) as string[],
    name: row.name,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_UNIQUE_VIOLATION';
}
