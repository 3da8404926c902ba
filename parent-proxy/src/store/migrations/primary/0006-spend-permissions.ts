import type { Migration } from '../../migrate.ts';

export const spendPermissions: Migration = {
  async up({ schema }, { bytes, integer, text, tableEnd }) {
    await schema
      .createTable('spend_permission')
      .addColumn('project_id', bytes, (column) => column.notNull())
      .addColumn('address_key', text, (column) => column.notNull())
      .addColumn('network', text, (column) => column.notNull())
      .addColumn('permission_hash', text, (column) => column.notNull())
      .addColumn('permission', text, (column) => column.notNull())
      .addColumn('approved_by', text, (column) => column.notNull())
      .addColumn('revoked_by', text)
      .addColumn('created_at_ms', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('spend_permission_hash', [
        'project_id',
        'address_key',
        'network',
        'permission_hash',
      ])
      .addForeignKeyConstraint('spend_permission_account', ['project_id', 'address_key'], 'smart_account', [
        'project_id',
        'address_key',
      ])
      .modifyEnd(tableEnd)
      .execute();
  },
};
