import type { Migration } from '../../migrate.ts';

/** What the enclave signed of each key that came in or went out. */
export const transferReceipts: Migration = {
  async up({ schema }, { bytes, integer, text, tableEnd }) {
    await schema
      .createTable('transfer_receipt')
      .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
      .addColumn('receipt_id', text, (column) => column.notNull())
      .addColumn('transfer', text, (column) => column.notNull())
      .addColumn('address', text, (column) => column.notNull())
      .addColumn('receipt', bytes, (column) => column.notNull())
      .addColumn('stored_at_ms', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('transfer_receipt_id', ['project_id', 'receipt_id'])
      .modifyEnd(tableEnd)
      .execute();
    await schema
      .createIndex('transfer_receipt_by_age')
      .on('transfer_receipt')
      .columns(['project_id', 'stored_at_ms', 'receipt_id'])
      .execute();
  },
};
