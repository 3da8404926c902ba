import type { Migration } from '../../migrate.ts';

export const initialVault: Migration = {
  async up({ schema }, { bytes, integer, tableEnd }) {
    await schema
      .createTable('wallet_key')
      .addColumn('vault_id', bytes, (column) => column.primaryKey().notNull())
      .addColumn('sealed', bytes, (column) => column.notNull())
      .addColumn('stored_day', integer, (column) => column.notNull())
      .modifyEnd(tableEnd)
      .execute();
    await schema
      .createIndex('wallet_key_by_day')
      .on('wallet_key')
      .columns(['stored_day', 'vault_id'])
      .execute();
  },
};
