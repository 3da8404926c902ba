import type { SchemaModule } from 'kysely';
import type { ColumnTypes, Migration } from '../../migrate.ts';

export const sending: Migration = {
  async up({ schema }, types) {
    await createOutbox(schema, types);
    await createNonceLeases(schema, types);
  },
};

async function createOutbox(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  const { bytes, integer, text, tableEnd } = types;
  await schema
    .createTable('outbox')
    .addColumn('network', text, (column) => column.notNull())
    .addColumn('transaction_id', text, (column) => column.notNull())
    .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
    .addColumn('token_id', bytes, (column) => column.notNull())
    .addColumn('sender', text, (column) => column.notNull())
    .addColumn('nonce', integer)
    .addColumn('raw', bytes, (column) => column.notNull())
    .addColumn('proposal', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('refusal', text)
    .addColumn('attempts', integer, (column) => column.notNull())
    .addColumn('created_at_ms', integer, (column) => column.notNull())
    .addColumn('due_at_ms', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('outbox_transaction', ['network', 'transaction_id'])
    .addUniqueConstraint('outbox_token', ['project_id', 'token_id'])
    .modifyEnd(tableEnd)
    .execute();
  await schema.createIndex('outbox_by_nonce').on('outbox').columns(['network', 'sender', 'nonce']).execute();
  await schema.createIndex('outbox_by_due').on('outbox').columns(['state', 'due_at_ms']).execute();
}

async function createNonceLeases(
  schema: SchemaModule,
  { bytes, integer, text, tableEnd }: ColumnTypes,
): Promise<void> {
  await schema
    .createTable('nonce_lease')
    .addColumn('network', text, (column) => column.notNull())
    .addColumn('sender', text, (column) => column.notNull())
    .addColumn('holder', bytes, (column) => column.notNull())
    .addColumn('expires_at_ms', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('nonce_lease_account', ['network', 'sender'])
    .modifyEnd(tableEnd)
    .execute();
}
