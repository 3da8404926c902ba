import type { Migration } from '../../migrate.ts';

/** What the enclave certified at the end of the last rotation: a row for each project, and one with an empty id for all of them. */
export const rotation: Migration = {
  async up({ schema }, { bytes, integer, tableEnd }) {
    await schema
      .createTable('rotation_certificate')
      .addColumn('project_id', bytes, (column) => column.primaryKey().notNull())
      .addColumn('generation', integer, (column) => column.notNull())
      .addColumn('certificate', bytes, (column) => column.notNull())
      .modifyEnd(tableEnd)
      .execute();
  },
};
