import type { Migration } from '../../migrate.ts';

/** What the operator's webhook has not yet been told of recoveries. */
export const recoveryNotices: Migration = {
  async up({ schema }, { bytes, integer, text, tableEnd }) {
    await schema
      .createTable('recovery_notice')
      .addColumn('project_id', bytes, (column) => column.notNull().references('project.project_id'))
      .addColumn('recovery_id', text, (column) => column.notNull())
      .addColumn('event', text, (column) => column.notNull())
      .addColumn('completable_at', text)
      .addColumn('attempts', integer, (column) => column.notNull())
      .addColumn('due_at_ms', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('recovery_notice_id', ['project_id', 'recovery_id', 'event'])
      .modifyEnd(tableEnd)
      .execute();
  },
};
