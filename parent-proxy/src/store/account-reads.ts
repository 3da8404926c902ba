import { ACCOUNT_COLUMNS, addressKeyOf, toStoredAccount } from './account-row.ts';
import { type Engine, prepareRead } from './engine.ts';
import type { ChainFamily, PrimarySchema } from './schema.ts';
import type { AccountPage, PageRequest, Store } from './store.ts';
import { StoreError } from './store-error.ts';
import type { Vault } from './vault.ts';

type AccountReads = Pick<Store, 'findAccount' | 'findAccountByName' | 'findSigningRows' | 'listAccounts'>;
type Builder = Engine<PrimarySchema>['builder'];

interface OfFamily {
  readonly projectId: Uint8Array;
  readonly family: ChainFamily;
}

export function accountReads(primary: Engine<PrimarySchema>, vault: Vault): AccountReads {
  const { byAddress, byName, signing } = prepareLookups(primary);
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
    listAccounts: preparePages(primary),
  };
}

/** Accounts of one project and chain family: the start of every look-up. */
export function ofFamily(db: Builder, { projectId, family }: OfFamily) {
  return db.selectFrom('account').where('project_id', '=', projectId).where('family', '=', family);
}

function prepareLookups(primary: Engine<PrimarySchema>) {
  type ByAddress = { projectId: Uint8Array; family: ChainFamily; addressKey: string };
  type ByName = { projectId: Uint8Array; family: ChainFamily; name: string };
  return {
    byAddress: prepareRead(primary, 'account-by-address', (db: Builder, key: ByAddress) =>
      ofFamily(db, key).where('address_key', '=', key.addressKey).select(ACCOUNT_COLUMNS),
    ),
    byName: prepareRead(primary, 'account-by-name', (db: Builder, key: ByName) =>
      ofFamily(db, key).where('name', '=', key.name).select(ACCOUNT_COLUMNS),
    ),
    signing: prepareRead(primary, 'account-signing', (db: Builder, key: ByAddress) =>
      ofFamily(db, key)
        .where('address_key', '=', key.addressKey)
        .select(['record_version', 'record_sealed', 'vault_id']),
    ),
  };
}

/** Pages by the key of the last row shown, so that accounts added meanwhile shift nothing. */
function preparePages(primary: Engine<PrimarySchema>): (request: PageRequest) => Promise<AccountPage> {
  type Page = {
    projectId: Uint8Array;
    family: ChainFamily;
    createdAtMs: number;
    addressKey: string;
    limit: number;
  };
  const pages = prepareRead(primary, 'account-page', (db: Builder, page: Page) =>
    ofFamily(db, page)
      .where((eb) =>
        eb(eb.refTuple('created_at_ms', 'address_key'), '<', eb.tuple(page.createdAtMs, page.addressKey)),
      )
      .orderBy('created_at_ms', 'desc')
      .orderBy('address_key', 'desc')
      .limit((eb) => eb.val(page.limit))
      .select([...ACCOUNT_COLUMNS, 'address_key']),
  );
  return async ({ projectId, family, limit, after }) => {
    const { createdAtMs, addressKey } = after ?? { createdAtMs: Number.MAX_SAFE_INTEGER, addressKey: '' };
    const rows = await pages({ projectId, family, createdAtMs, addressKey, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      accounts: shown.map(toStoredAccount),
      next: last === undefined ? null : { createdAtMs: last.created_at_ms, addressKey: last.address_key },
    };
  };
}
