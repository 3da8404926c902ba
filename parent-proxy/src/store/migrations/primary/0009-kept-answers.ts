import type { Migration } from '../../migrate.ts';

export const keptAnswers: Migration = {
  async up({ schema }, { bytes, integer }) {
    await schema.alterTable('idempotency').addColumn('answer_status', integer).execute();
    await schema.alterTable('idempotency').addColumn('answer_body', bytes).execute();
  },
};
