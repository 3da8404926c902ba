import type { Migration } from '../../migrate.ts';

/** Operations that the enclave signed for a wallet token, and the search for those that no bundler has yet. */
export const userOperations: Migration = {
  async up({ schema }, { bytes }) {
    await schema.alterTable('user_operation').addColumn('token_id', bytes).execute();
    await schema
      .createIndex('user_operation_token')
      .on('user_operation')
      .columns(['project_id', 'token_id'])
      .unique()
      .execute();
    await schema
      .createIndex('user_operation_by_status')
      .on('user_operation')
      .columns(['status', 'created_at_ms'])
      .execute();
  },
};
