import type { Migration } from '../../migrate.ts';

export const smartAccounts: Migration = {
  async up({ schema }, { bytes, integer, text, tableEnd }) {
    await schema
      .createTable('smart_account')
      .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
      .addColumn('address_key', text, (column) => column.notNull())
      .addColumn('address', text, (column) => column.notNull())
      .addColumn('owners', text, (column) => column.notNull())
      .addColumn('name', text)
      .addColumn('created_at_ms', integer, (column) => column.notNull())
      .addColumn('updated_at_ms', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('smart_account_address', ['project_id', 'address_key'])
      .addUniqueConstraint('smart_account_name', ['project_id', 'name'])
      .modifyEnd(tableEnd)
      .execute();
    await schema
      .createIndex('smart_account_by_age')
      .on('smart_account')
      .columns(['project_id', 'created_at_ms', 'address_key'])
      .execute();
    await schema
      .createTable('user_operation')
      .addColumn('project_id', bytes, (column) => column.notNull())
      .addColumn('address_key', text, (column) => column.notNull())
      .addColumn('user_op_hash', text, (column) => column.notNull())
      .addColumn('network', text, (column) => column.notNull())
      .addColumn('operation', text, (column) => column.notNull())
      .addColumn('calls', text, (column) => column.notNull())
      .addColumn('status', text, (column) => column.notNull())
      .addColumn('receipt', text)
      .addColumn('created_at_ms', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('user_operation_hash', ['project_id', 'user_op_hash'])
      .addForeignKeyConstraint('user_operation_account', ['project_id', 'address_key'], 'smart_account', [
        'project_id',
        'address_key',
      ])
      .modifyEnd(tableEnd)
      .execute();
  },
};
