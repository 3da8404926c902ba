import type { Migration } from '../../migrate.ts';

export const restores: Migration = {
  async up({ schema }, { bytes, integer, tableEnd }) {
    await schema
      .createTable('restore')
      .addColumn('restored_at_ms', integer, (column) => column.notNull())
      .addColumn('certificate', bytes, (column) => column.notNull())
      .addColumn('above_epoch', integer, (column) => column.notNull())
      .addColumn('is_announced', integer, (column) => column.notNull())
      .modifyEnd(tableEnd)
      .execute();
  },
};
