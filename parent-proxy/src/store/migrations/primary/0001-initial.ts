import type { SchemaModule } from 'kysely';
import type { ColumnTypes, Migration } from '../../migrate.ts';

export const initialPrimary: Migration = {
  async up({ schema }, types) {
    await createRootRecord(schema, types);
    await createProjects(schema, types);
    await createPolicies(schema, types);
    await createAccounts(schema, types);
    await createIdempotency(schema, types);
    await createRequestCounts(schema, types);
  },
};

async function createRootRecord(
  schema: SchemaModule,
  { bytes, integer, tableEnd }: ColumnTypes,
): Promise<void> {
  await schema
    .createTable('root_record')
    .addColumn('id', integer, (column) => column.primaryKey().notNull())
    .addColumn('record', bytes, (column) => column.notNull())
    .modifyEnd(tableEnd)
    .execute();
}

async function createProjects(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  const { bytes, integer, text, tableEnd } = types;
  await schema
    .createTable('project')
    .addColumn('project_id', bytes, (column) => column.primaryKey().notNull())
    .addColumn('authority_version', integer, (column) => column.notNull())
    .addColumn('authority_sealed', bytes, (column) => column.notNull())
    .addColumn('client_secret', bytes, (column) => column.notNull())
    .addColumn('certificate', bytes, (column) => column.notNull())
    .addColumn('created_at_ms', integer, (column) => column.notNull())
    .addColumn('project_policy_id', text)
    .addColumn('import_key', bytes)
    .modifyEnd(tableEnd)
    .execute();
  await schema
    .createTable('api_key')
    .addColumn('api_key_id', text, (column) => column.primaryKey().notNull())
    .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
    .addColumn('algorithm', text, (column) => column.notNull())
    .addColumn('public_key', bytes, (column) => column.notNull())
    .addColumn('scopes', text, (column) => column.notNull())
    .addColumn('expires_at_ms', integer)
    .addColumn('allowed_ips', text, (column) => column.notNull())
    .addColumn('last_used_at_ms', integer)
    .modifyEnd(tableEnd)
    .execute();
  await schema.createIndex('api_key_by_project').on('api_key').column('project_id').execute();
}

async function createPolicies(
  schema: SchemaModule,
  { bytes, integer, text, tableEnd }: ColumnTypes,
): Promise<void> {
  await schema
    .createTable('policy')
    .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
    .addColumn('policy_id', text, (column) => column.notNull())
    .addColumn('scope', text, (column) => column.notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('document', bytes, (column) => column.notNull())
    .addColumn('created_at_ms', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_id', ['project_id', 'policy_id'])
    .modifyEnd(tableEnd)
    .execute();
  await schema
    .createIndex('policy_by_age')
    .on('policy')
    .columns(['project_id', 'created_at_ms', 'policy_id'])
    .execute();
}

async function createAccounts(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  const { bytes, integer, text, tableEnd } = types;
  await schema
    .createTable('account')
    .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
    .addColumn('family', text, (column) => column.notNull())
    .addColumn('address_key', text, (column) => column.notNull())
    .addColumn('address', text, (column) => column.notNull())
    .addColumn('name', text)
    .addColumn('record_version', integer, (column) => column.notNull())
    .addColumn('record_sealed', bytes, (column) => column.notNull())
    .addColumn('vault_id', bytes, (column) => column.notNull())
    .addColumn('policy_id', text)
    .addColumn('certificate', bytes, (column) => column.notNull())
    .addColumn('created_at_ms', integer, (column) => column.notNull())
    .addColumn('updated_at_ms', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('account_address', ['project_id', 'family', 'address_key'])
    .addUniqueConstraint('account_name', ['project_id', 'family', 'name'])
    .addUniqueConstraint('account_vault_id', ['vault_id'])
    // No account can name a policy that goes, and no policy goes while an account names it, whichever proxy is first.
    .addForeignKeyConstraint('account_policy', ['project_id', 'policy_id'], 'policy', [
      'project_id',
      'policy_id',
    ])
    .modifyEnd(tableEnd)
    .execute();
  await schema
    .createIndex('account_by_age')
    .on('account')
    .columns(['project_id', 'family', 'created_at_ms', 'address_key'])
    .execute();
  await schema
    .createIndex('account_by_policy')
    .on('account')
    .columns(['project_id', 'policy_id'])
    .where('policy_id', 'is not', null)
    .execute();
}

async function createIdempotency(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  const { bytes, integer, text, tableEnd } = types;
  await schema
    .createTable('idempotency')
    .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('path', text, (column) => column.notNull())
    .addColumn('idempotency_key', text, (column) => column.notNull())
    .addColumn('fingerprint', bytes, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('attempt', bytes, (column) => column.notNull())
    .addColumn('made_id', text)
    .addColumn('started_at_ms', integer, (column) => column.notNull())
    .addColumn('expires_at_ms', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotency_scope', ['project_id', 'idempotency_key', 'method', 'path'])
    .modifyEnd(tableEnd)
    .execute();
  await schema.createIndex('idempotency_by_expiry').on('idempotency').column('expires_at_ms').execute();
}

async function createRequestCounts(
  schema: SchemaModule,
  { integer, text, tableEnd }: ColumnTypes,
): Promise<void> {
  await schema
    .createTable('request_count')
    .addColumn('window_start_ms', integer, (column) => column.notNull())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('requests', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('request_count_subject', ['window_start_ms', 'subject'])
    .modifyEnd(tableEnd)
    .execute();
}
