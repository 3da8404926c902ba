import type { ProjectRows, SealedRecord } from '@strongroom/shared/operations/fields';
import type { Engine } from './engine.ts';
import { toProjectRows } from './projects.ts';
import type { ChainFamily, PrimarySchema, VaultSchema } from './schema.ts';

/** A project's sealed rows. */
export interface SealedProject {
  readonly rows: ProjectRows;
  readonly importKey: Uint8Array | null;
}

/** Where an account's row is, by the key in whose ascending order a rotation goes. */
export interface AccountPosition {
  readonly family: ChainFamily;
  readonly addressKey: string;
}

/** An account's sealed rows from both databases. */
export interface SealedAccount extends AccountPosition {
  readonly address: string;
  readonly account: SealedRecord;
  readonly vaultId: Uint8Array;
  readonly walletKey: Uint8Array;
}

/** A blob that takes the place of another, if that is still there. */
export interface Replacement {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export interface ProjectReplacement {
  readonly projectId: Uint8Array;
  readonly authority: Replacement;
  readonly clientSecret: Replacement;
  readonly importKey: Replacement | null;
}

export interface AccountReplacement extends AccountPosition {
  readonly projectId: Uint8Array;
  readonly vaultId: Uint8Array;
  readonly account: Replacement;
  readonly walletKey: Replacement;
}

/** What a rotation of the root key does to the databases. A replaced blob is gone; nothing else of a row changes. */
export interface RotationStore {
  /** Replaces the root record if it is still `from`. @returns whether it was */
  replaceRootRecord(replacement: Replacement): Promise<boolean>;
  /** Ids of all projects, ascending. */
  listProjectIds(): Promise<readonly Uint8Array[]>;
  findSealedProject(projectId: Uint8Array): Promise<SealedProject | null>;
  /** Positions of all accounts of a project, ascending by the bytes of their key. */
  listAccountPositions(projectId: Uint8Array): Promise<readonly AccountPosition[]>;
  /** The accounts at these positions, in this order; one whose wallet key is missing is left out. */
  readSealedAccounts(
    projectId: Uint8Array,
    positions: readonly AccountPosition[],
  ): Promise<readonly SealedAccount[]>;
  replaceSealedProject(replacement: ProjectReplacement): Promise<void>;
  replaceSealedAccounts(replacements: readonly AccountReplacement[]): Promise<void>;
  /** @param projectId null for the certificate of the whole deployment */
  keepRotationCertificate(
    projectId: Uint8Array | null,
    generation: number,
    certificate: Uint8Array,
  ): Promise<void>;
  findRotationCertificate(projectId: Uint8Array | null): Promise<Uint8Array | null>;
}

interface Engines {
  readonly primary: Engine<PrimarySchema>;
  readonly vault: Engine<VaultSchema>;
}

const WHOLE_DEPLOYMENT = new Uint8Array(0);

export function rotationVerbs({ primary, vault }: Engines): RotationStore {
  return {
    replaceRootRecord: (replacement) => replaceRootRecord(primary, replacement),
    async listProjectIds() {
      const rows = await primary.transaction((transaction) =>
        transaction.selectFrom('project').select('project_id').orderBy('project_id').execute(),
      );
      return rows.map((row) => row.project_id);
    },
    findSealedProject: (projectId) => findSealedProject(primary, projectId),
    listAccountPositions: (projectId) => listPositions(primary, projectId),
    readSealedAccounts: (projectId, positions) => readAccounts({ primary, vault }, projectId, positions),
    replaceSealedProject: (replacement) => replaceProject(primary, replacement),
    async replaceSealedAccounts(replacements) {
      await vault.transaction(async (transaction) => {
        for (const { vaultId, walletKey } of replacements) {
          await transaction
            .updateTable('wallet_key')
            .set({ sealed: walletKey.to })
            .where('vault_id', '=', vaultId)
            .where('sealed', '=', walletKey.from)
            .execute();
        }
      });
      await primary.transaction(async (transaction) => {
        for (const { projectId, family, addressKey, account } of replacements) {
          await transaction
            .updateTable('account')
            .set({ record_sealed: account.to })
            .where('project_id', '=', projectId)
            .where('family', '=', family)
            .where('address_key', '=', addressKey)
            .where('record_sealed', '=', account.from)
            .execute();
        }
      });
    },
    async keepRotationCertificate(projectId, generation, certificate) {
      const row = { project_id: projectId ?? WHOLE_DEPLOYMENT, generation, certificate };
      await primary.transaction((transaction) =>
        transaction
          .insertInto('rotation_certificate')
          .values(row)
          .onConflict((conflict) => conflict.column('project_id').doUpdateSet({ generation, certificate }))
          .execute(),
      );
    },
    async findRotationCertificate(projectId) {
      const row = await primary.transaction((transaction) =>
        transaction
          .selectFrom('rotation_certificate')
          .select('certificate')
          .where('project_id', '=', projectId ?? WHOLE_DEPLOYMENT)
          .executeTakeFirst(),
      );
      return row?.certificate ?? null;
    },
  };
}

async function replaceRootRecord(
  primary: Engine<PrimarySchema>,
  { from, to }: Replacement,
): Promise<boolean> {
  return await primary.transaction(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('root_record')
      .set({ record: to })
      .where('id', '=', 1)
      .where('record', '=', from)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

async function findSealedProject(
  primary: Engine<PrimarySchema>,
  projectId: Uint8Array,
): Promise<SealedProject | null> {
  const row = await primary.transaction((transaction) =>
    transaction
      .selectFrom('project')
      .select(['project_id', 'authority_version', 'authority_sealed', 'client_secret', 'import_key'])
      .where('project_id', '=', projectId)
      .executeTakeFirst(),
  );
  return row === undefined ? null : { rows: toProjectRows(row), importKey: row.import_key };
}

/** Sorted here, because databases sort text each in its own way. */
async function listPositions(
  primary: Engine<PrimarySchema>,
  projectId: Uint8Array,
): Promise<readonly AccountPosition[]> {
  const rows = await primary.transaction((transaction) =>
    transaction
      .selectFrom('account')
      .select(['family', 'address_key'])
      .where('project_id', '=', projectId)
      .execute(),
  );
  const positions = rows.map((row) => ({ family: row.family, addressKey: row.address_key }));
  return positions.sort((a, b) => (a.addressKey < b.addressKey ? -1 : 1));
}

async function readAccounts(
  { primary, vault }: Engines,
  projectId: Uint8Array,
  positions: readonly AccountPosition[],
): Promise<readonly SealedAccount[]> {
  if (positions.length === 0) return [];
  const keys = positions.map(({ addressKey }) => addressKey);
  const rows = await primary.transaction((transaction) =>
    transaction
      .selectFrom('account')
      .select(['family', 'address_key', 'address', 'record_version', 'record_sealed', 'vault_id'])
      .where('project_id', '=', projectId)
      // No address is one of both families; naming both lets the primary key find them.
      .where('family', 'in', ['evm', 'solana'])
      .where('address_key', 'in', keys)
      .execute(),
  );
  const ids = rows.map((row) => row.vault_id);
  const keyRows = await vault.transaction((transaction) =>
    transaction
      .selectFrom('wallet_key')
      .select(['vault_id', 'sealed'])
      .where('vault_id', 'in', ids)
      .execute(),
  );
  const walletKeys = new Map(keyRows.map((row) => [hexOf(row.vault_id), row.sealed]));
  const accounts = new Map<string, SealedAccount>();
  for (const row of rows) {
    const walletKey = walletKeys.get(hexOf(row.vault_id));
    if (walletKey === undefined) continue;
    accounts.set(row.address_key, {
      family: row.family,
      addressKey: row.address_key,
      address: row.address,
      account: { version: row.record_version, sealed: row.record_sealed },
      vaultId: row.vault_id,
      walletKey,
    });
  }
  return keys.map((key) => accounts.get(key)).filter((account) => account !== undefined);
}

async function replaceProject(
  primary: Engine<PrimarySchema>,
  { projectId, authority, clientSecret, importKey }: ProjectReplacement,
): Promise<void> {
  await primary.transaction(async (transaction) => {
    const project = () => transaction.updateTable('project').where('project_id', '=', projectId);
    await project()
      .set({ authority_sealed: authority.to })
      .where('authority_sealed', '=', authority.from)
      .execute();
    await project()
      .set({ client_secret: clientSecret.to })
      .where('client_secret', '=', clientSecret.from)
      .execute();
    if (importKey === null) return;
    await project().set({ import_key: importKey.to }).where('import_key', '=', importKey.from).execute();
  });
}

function hexOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');
}
