import { ACCOUNT_COLUMNS, addressKeyOf, toAccountRow, toStoredAccount } from './account-row.ts';
import { type Engine, prepareRead } from './engine.ts';
import { finishClaim } from './idempotency.ts';
import type { ChainFamily, PrimarySchema } from './schema.ts';
import type {
  AddAccountOutcome,
  IdempotencyClaim,
  NewAccount,
  NextAccount,
  ReplaceAccountOutcome,
  Store,
} from './store.ts';
import { StoreError } from './store-error.ts';
import type { Vault } from './vault.ts';

type AccountReads = Pick<Store, 'findAccount' | 'findAccountByName' | 'findSigningRows' | 'listAccounts'>;
type AccountWrites = Pick<Store, 'addAccount' | 'replaceAccount'>;
type Builder = Engine<PrimarySchema>['builder'];

export function accountReads(primary: Engine<PrimarySchema>, vault: Vault): AccountReads {
  type ByAddress = { projectId: Uint8Array; family: ChainFamily; addressKey: string };
  const byAddress = prepareRead(primary, 'account-by-address', (db: Builder, key: ByAddress) =>
    ofFamily(db, key).where('address_key', '=', key.addressKey).select(ACCOUNT_COLUMNS),
  );
  const signing = prepareRead(primary, 'account-signing', (db: Builder, key: ByAddress) =>
    ofFamily(db, key)
      .where('address_key', '=', key.addressKey)
      .select(['record_version', 'record_sealed', 'vault_id']),
  );
  const byName = prepareRead(
    primary,
    'account-by-name',
    (db: Builder, key: { projectId: Uint8Array; family: ChainFamily; name: string }) =>
      ofFamily(db, key).where('name', '=', key.name).select(ACCOUNT_COLUMNS),
  );
  const pages = prepareAccountPages(primary);

  return {
    async findAccount({ projectId, family, address }) {
      const [row] = await byAddress({ projectId, family, addressKey: addressKeyOf(family, address) });
      return row === undefined ? null : toStoredAccount(row);
    },
    async findAccountByName({ projectId, family, name }) {
      const [row] = await byName({ projectId, family, name });
      return row === undefined ? null : toStoredAccount(row);
    },
    async findSigningRows({ projectId, family, address }) {
      const [row] = await signing({ projectId, family, addressKey: addressKeyOf(family, address) });
      if (row === undefined) return null;
      const walletKey = await vault.read(row.vault_id);
      // An account is written after its key, so a key that is not there was lost or is of another store.
      if (walletKey === null) throw new StoreError('STORE_WRONG_DATABASE');
      return { account: { version: row.record_version, sealed: row.record_sealed }, walletKey };
    },
    async listAccounts({ projectId, family, limit, after }) {
      const { createdAtMs, addressKey } = after ?? { createdAtMs: Number.MAX_SAFE_INTEGER, addressKey: '' };
      const rows = await pages({ projectId, family, createdAtMs, addressKey, limit: limit + 1 });
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        accounts: shown.map(toStoredAccount),
        next: last === undefined ? null : { createdAtMs: last.created_at_ms, addressKey: last.address_key },
      };
    },
  };
}

function ofFamily(db: Builder, { projectId, family }: { projectId: Uint8Array; family: ChainFamily }) {
  return db.selectFrom('account').where('project_id', '=', projectId).where('family', '=', family);
}

function prepareAccountPages(primary: Engine<PrimarySchema>) {
  type Page = {
    projectId: Uint8Array;
    family: ChainFamily;
    createdAtMs: number;
    addressKey: string;
    limit: number;
  };
  return prepareRead(primary, 'account-page', (db: Builder, page: Page) =>
    ofFamily(db, page)
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('created_at_ms', 'address_key'), '<', tuple(page.createdAtMs, page.addressKey)),
      )
      .orderBy('created_at_ms', 'desc')
      .orderBy('address_key', 'desc')
      .limit(({ val }) => val(page.limit))
      .select([...ACCOUNT_COLUMNS, 'address_key']),
  );
}

export function accountWrites(primary: Engine<PrimarySchema>, vault: Vault): AccountWrites {
  return {
    async addAccount(account, claim) {
      const outcome = await vaultThenPrimary(account, claim);
      // A transaction that ended without the account leaves a key that nothing can ever name.
      if (outcome !== 'added') await vault.remove(account.vaultId);
      return outcome;
    },
    async replaceAccount(next, claim) {
      try {
        return await primary.transaction(async (transaction): Promise<ReplaceAccountOutcome> => {
          if (claim !== null && !(await finishClaim(transaction, claim, null))) return 'claim-lost';
          const { numUpdatedRows } = await updateQuery(transaction, next).executeTakeFirstOrThrow();
          // Nothing else was written, unless the claim: that must not outlive a record that was not replaced.
          if (numUpdatedRows === 0n) throw new VersionConflict();
          return 'replaced';
        });
      } catch (error) {
        if (error instanceof VersionConflict) return 'version-conflict';
        if (isUniqueViolation(error)) return 'name-taken';
        throw error;
      }
    },
  };

  async function vaultThenPrimary(
    account: NewAccount,
    claim: IdempotencyClaim | null,
  ): Promise<AddAccountOutcome> {
    await vault.add(account.vaultId, account.walletKey, account.createdAtMs);
    const row = toAccountRow(account);
    try {
      return await primary.transaction(async (transaction): Promise<AddAccountOutcome> => {
        if (claim !== null && !(await finishClaim(transaction, claim, row.address_key))) return 'claim-lost';
        await transaction.insertInto('account').values(row).execute();
        return 'added';
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return (await hasAddress(row)) ? 'address-taken' : 'name-taken';
    }
  }

  async function hasAddress(row: ReturnType<typeof toAccountRow>): Promise<boolean> {
    return await primary.transaction(async (transaction) => {
      const query = ofFamily(transaction, { projectId: row.project_id, family: row.family });
      const found = await query
        .where('address_key', '=', row.address_key)
        .select('address_key')
        .executeTakeFirst();
      return found !== undefined;
    });
  }
}

/** Ends a transaction without its changes. */
class VersionConflict extends Error {}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_UNIQUE_VIOLATION';
}

function updateQuery(transaction: Builder, { projectId, family, address, ...next }: NextAccount) {
  return transaction
    .updateTable('account')
    .set({
      name: next.name,
      policy_id: next.policyId,
      updated_at_ms: next.updatedAtMs,
      certificate: next.certificate,
      record_version: next.record.version,
      record_sealed: next.record.sealed,
    })
    .where('project_id', '=', projectId)
    .where('family', '=', family)
    .where('address_key', '=', addressKeyOf(family, address))
    .where('record_version', '=', next.record.version - 1);
}
