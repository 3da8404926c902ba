import type { ProjectRows } from '@strongroom/shared/operations/fields';
import { toApiKeyRow } from './api-keys.ts';
import { type Engine, prepareRead } from './engine.ts';
import type { PrimarySchema, ProjectTable } from './schema.ts';
import type { NewProject, Store } from './store.ts';
import { isUniqueViolation } from './store-error.ts';

type ProjectVerbs = Pick<Store, 'findPrincipal' | 'findProject' | 'addProject'>;
type ImportKeyVerbs = Pick<Store, 'findImportKey' | 'keepFirstImportKey'>;

/** What the enclave needs of a project. */
export function toProjectRows(
  row: Pick<ProjectTable, 'project_id' | 'authority_version' | 'authority_sealed' | 'client_secret'>,
): ProjectRows {
  return {
    projectId: row.project_id,
    authority: { version: row.authority_version, sealed: row.authority_sealed },
    clientSecret: row.client_secret,
  };
}

export function projectVerbs(primary: Engine<PrimarySchema>): ProjectVerbs {
  const principals = preparePrincipals(primary);
  return {
    async findPrincipal(apiKeyId) {
      const [row] = await principals({ id: apiKeyId });
      if (row === undefined) return null;
      return {
        apiKeyId,
        algorithm: row.algorithm,
        publicKey: row.public_key,
        scopes: JSON.parse(row.scopes) as string[],
        expiresAtMs: row.expires_at_ms,
        allowedIps: JSON.parse(row.allowed_ips) as string[],
        project: toProjectRows(row),
        projectPolicyId: row.project_policy_id,
      };
    },

    findProject: (projectId) =>
      primary.transaction(async (transaction) => {
        const row = await transaction
          .selectFrom('project')
          .where('project_id', '=', projectId)
          .select(['project_id', 'authority_version', 'authority_sealed', 'client_secret'])
          .executeTakeFirst();
        return row === undefined ? null : toProjectRows(row);
      }),

    async addProject(project) {
      try {
        await insertProject(primary, project);
        return 'added';
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        return (await hasProject(primary, project.rows.projectId)) ? 'project-taken' : 'api-key-taken';
      }
    },
  };
}

/** An API key and its project in one look-up: every request starts with it. */
function preparePrincipals(primary: Engine<PrimarySchema>) {
  return prepareRead(primary, 'principal', (db: typeof primary.builder, { id }: { id: string }) =>
    db
      .selectFrom('api_key')
      .innerJoin('project', 'project.project_id', 'api_key.project_id')
      .where('api_key.api_key_id', '=', id)
      .select([
        'api_key.algorithm',
        'api_key.public_key',
        'api_key.scopes',
        'api_key.expires_at_ms',
        'api_key.allowed_ips',
        'project.project_id',
        'project.authority_version',
        'project.authority_sealed',
        'project.client_secret',
        'project.project_policy_id',
      ]),
  );
}

export function importKeyVerbs(primary: Engine<PrimarySchema>): ImportKeyVerbs {
  const importKey = prepareRead(
    primary,
    'import-key',
    (db: typeof primary.builder, { projectId }: { projectId: Uint8Array }) =>
      db.selectFrom('project').where('project_id', '=', projectId).select('import_key'),
  );
  return {
    async findImportKey(projectId) {
      const [row] = await importKey({ projectId });
      return row?.import_key ?? null;
    },
    keepFirstImportKey: (projectId, sealed) =>
      primary.transaction(async (transaction) => {
        await transaction
          .updateTable('project')
          .set({ import_key: sealed })
          .where('project_id', '=', projectId)
          .where('import_key', 'is', null)
          .execute();
        const row = await transaction
          .selectFrom('project')
          .select('import_key')
          .where('project_id', '=', projectId)
          .executeTakeFirst();
        return row?.import_key ?? sealed;
      }),
  };
}

async function insertProject(primary: Engine<PrimarySchema>, project: NewProject): Promise<void> {
  const { rows, view, certificate, createdAtMs } = project;
  const { projectId, authority, clientSecret } = rows;
  await primary.transaction(async (transaction) => {
    await transaction
      .insertInto('project')
      .values({
        project_id: projectId,
        authority_version: authority.version,
        authority_sealed: authority.sealed,
        client_secret: clientSecret,
        certificate,
        created_at_ms: createdAtMs,
        project_policy_id: null,
        import_key: null,
      })
      .execute();
    for (const apiKey of view.apiKeys) {
      await transaction.insertInto('api_key').values(toApiKeyRow(projectId, apiKey)).execute();
    }
  });
}

async function hasProject(primary: Engine<PrimarySchema>, projectId: Uint8Array): Promise<boolean> {
  return await primary.transaction(async (transaction) => {
    const query = transaction.selectFrom('project').select('project_id').where('project_id', '=', projectId);
    return (await query.executeTakeFirst()) !== undefined;
  });
}
