import { CompiledQuery, sql } from 'kysely';
import type { Engine } from './engine.ts';
import { toProjectRows } from './projects.ts';
import type {
  AccountPosition,
  ProjectReplacement,
  Replacement,
  RotationStore,
  SealedAccount,
  SealedProject,
} from './rotation-store.ts';
import type { PrimarySchema, VaultSchema } from './schema.ts';

interface Engines {
  readonly primary: Engine<PrimarySchema>;
  readonly vault: Engine<VaultSchema>;
}

const WHOLE_DEPLOYMENT = new Uint8Array(0);

export function rotationVerbs({ primary, vault }: Engines): RotationStore {
  const replaceKeySql = compileReplaceKey(vault);
  const replaceRecordSql = compileReplaceRecord(primary);
  return {
    replaceRootRecord: (replacement) => replaceRootRecord(primary, replacement),
    hasOtherGeneration: (generation) => hasOtherGeneration({ primary, vault }, generation),
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
          await transaction.executeQuery(
            CompiledQuery.raw(replaceKeySql, [walletKey.to, vaultId, walletKey.from]),
          );
        }
      });
      await primary.transaction(async (transaction) => {
        for (const { projectId, family, addressKey, account } of replacements) {
          const values = [account.to, projectId, family, addressKey, account.from];
          await transaction.executeQuery(CompiledQuery.raw(replaceRecordSql, values));
        }
      });
    },
    async eraseReplaced() {
      const isPrimaryClean = await primary.eraseReplaced(['root_record', 'project', 'account']);
      return (await vault.eraseReplaced(['wallet_key'])) && isPrimaryClean;
    },
    async keepRotationCertificate(projectId, generation, certificate) {
      const row = { project_id: projectId ?? WHOLE_DEPLOYMENT, generation, certificate };
      await primary.transaction((transaction) =>
        transaction
          .insertInto('rotation_certificate')
          .values(row)
          // An operator's process that was away does not put an older one back.
          .onConflict((conflict) =>
            conflict
              .column('project_id')
              .doUpdateSet({ generation, certificate })
              .where('rotation_certificate.generation', '<=', generation),
          )
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

const NO_BYTES = new Uint8Array(0);

/** Built once: building a statement costs more than running it. Takes the new blob, the vault id, the old blob. */
function compileReplaceKey({ builder }: Engine<VaultSchema>): string {
  return builder
    .updateTable('wallet_key')
    .set({ sealed: NO_BYTES })
    .where('vault_id', '=', NO_BYTES)
    .where('sealed', '=', NO_BYTES)
    .compile().sql;
}

/** Takes the new blob, project id, family, address key, the old blob. */
function compileReplaceRecord({ builder }: Engine<PrimarySchema>): string {
  return builder
    .updateTable('account')
    .set({ record_sealed: NO_BYTES })
    .where('project_id', '=', NO_BYTES)
    .where('family', '=', 'evm')
    .where('address_key', '=', '')
    .where('record_sealed', '=', NO_BYTES)
    .compile().sql;
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

/** Bytes 1 to 4 of a sealed blob; docs/protocol.md section 4. */
async function hasOtherGeneration({ primary, vault }: Engines, generation: number): Promise<boolean> {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(generation);
  const isOther = (column: string) => sql<boolean>`substr(${sql.ref(column)}, 2, 4) <> ${prefix}`;
  const inPrimary = await primary.transaction(async (transaction) => {
    const project = transaction.selectFrom('project').select('project_id').limit(1);
    for (const column of ['authority_sealed', 'client_secret', 'import_key']) {
      if ((await project.where(isOther(column)).executeTakeFirst()) !== undefined) return true;
    }
    const account = transaction.selectFrom('account').select('address').limit(1);
    return (await account.where(isOther('record_sealed')).executeTakeFirst()) !== undefined;
  });
  if (inPrimary) return true;
  return await vault.transaction(async (transaction) => {
    const key = transaction.selectFrom('wallet_key').select('vault_id').limit(1);
    return (await key.where(isOther('sealed')).executeTakeFirst()) !== undefined;
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
