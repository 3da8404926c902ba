import { ACCOUNT_COLUMNS, addressKeyOf, toStoredAccount } from './account-row.ts';
import { type Engine, prepareRead } from './engine.ts';
import { type PageArguments, pageArguments, toPage } from './page.ts';
import { toProjectRows } from './projects.ts';
import type { ChainFamily, PrimarySchema } from './schema.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';
import type { Vault } from './vault.ts';

type AccountReads = Pick<
  Store,
  'findAccount' | 'findAccountByName' | 'findGovernedAccount' | 'findSigningRows' | 'listAccounts'
>;
type Builder = Engine<PrimarySchema>['builder'];

interface OfFamily {
  readonly projectId: Uint8Array;
  readonly family: ChainFamily;
}

export function accountReads(primary: Engine<PrimarySchema>, vault: Vault): AccountReads {
  const { byAddress, byName } = prepareLookups(primary);
  const findGovernedAccount = prepareGoverned(primary);
  return {
    async findAccount({ projectId, family, address }) {
      const [row] = await byAddress({ projectId, family, addressKey: addressKeyOf(family, address) });
      return row === undefined ? null : toStoredAccount(row);
    },
    async findAccountByName({ projectId, family, name }) {
      const [row] = await byName({ projectId, family, name });
      return row === undefined ? null : toStoredAccount(row);
    },
    findGovernedAccount,
    async findSigningRows(key) {
      const governed = await findGovernedAccount(key);
      if (governed === null) return null;
      const { project, address, account, vaultId, policies } = governed;
      const walletKey = await vault.read(vaultId);
      // An account is written after its key, so a key that is not there was lost or is of another store.
      if (walletKey === null) throw new StoreError('STORE_WRONG_DATABASE');
      return { project, address, rows: { account, walletKey }, policies };
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
  };
}

/** One statement, so that record and documents are of one moment though another proxy changes both meanwhile. */
function prepareGoverned(primary: Engine<PrimarySchema>): AccountReads['findGovernedAccount'] {
  type ByAddress = { projectId: Uint8Array; family: ChainFamily; addressKey: string };
  const governed = prepareRead(primary, 'account-governed', (db: Builder, key: ByAddress) =>
    db
      .selectFrom('account')
      .innerJoin('project', 'project.project_id', 'account.project_id')
      .leftJoin('policy as own', (join) =>
        join
          .onRef('own.project_id', '=', 'account.project_id')
          .onRef('own.policy_id', '=', 'account.policy_id'),
      )
      .leftJoin('policy as common', (join) =>
        join
          .onRef('common.project_id', '=', 'project.project_id')
          .onRef('common.policy_id', '=', 'project.project_policy_id'),
      )
      .where('account.project_id', '=', key.projectId)
      .where('account.family', '=', key.family)
      .where('account.address_key', '=', key.addressKey)
      .select([
        'account.address',
        'account.record_version',
        'account.record_sealed',
        'account.vault_id',
        'project.project_id',
        'project.authority_version',
        'project.authority_sealed',
        'project.client_secret',
        'own.document as own_policy',
        'common.document as common_policy',
      ]),
  );
  return async ({ projectId, family, address }) => {
    const [row] = await governed({ projectId, family, addressKey: addressKeyOf(family, address) });
    if (row === undefined) return null;
    return {
      project: toProjectRows(row),
      address: row.address,
      account: { version: row.record_version, sealed: row.record_sealed },
      vaultId: row.vault_id,
      policies: [row.common_policy, row.own_policy].filter((document) => document !== null),
    };
  };
}

/** Pages by the key of the last row shown, so that accounts added meanwhile shift nothing. */
function preparePages(primary: Engine<PrimarySchema>): AccountReads['listAccounts'] {
  type Arguments = PageArguments & { projectId: Uint8Array; family: ChainFamily };
  const pages = prepareRead(primary, 'account-page', (db: Builder, page: Arguments) =>
    ofFamily(db, page)
      .where((eb) =>
        eb(eb.refTuple('created_at_ms', 'address_key'), '<', eb.tuple(page.createdAtMs, page.key)),
      )
      .orderBy('created_at_ms', 'desc')
      .orderBy('address_key', 'desc')
      .limit((eb) => eb.val(page.limit))
      .select([...ACCOUNT_COLUMNS, 'address_key']),
  );
  return async ({ projectId, family, ...page }) => {
    const rows = await pages({ projectId, family, ...pageArguments(page) });
    return toPage(rows, page.limit, {
      cursorOf: (row) => ({ createdAtMs: row.created_at_ms, key: row.address_key }),
      show: toStoredAccount,
    });
  };
}
