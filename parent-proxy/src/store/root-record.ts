import type { Engine } from './engine.ts';
import type { PrimarySchema } from './schema.ts';
import type { Store } from './store.ts';

type RootRecordVerbs = Pick<
  Store,
  'readRootRecord' | 'insertRootRecordIfAbsent' | 'epochBeforeRestore' | 'noteRestoreAnnounced'
>;

export function rootRecordVerbs(primary: Engine<PrimarySchema>): RootRecordVerbs {
  return {
    // In a transaction, so that it is read from where it was written even when reads go to a replica.
    readRootRecord: () =>
      primary.transaction(async (transaction) => {
        const row = await transaction.selectFrom('root_record').select('record').executeTakeFirst();
        return row?.record ?? null;
      }),
    async epochBeforeRestore() {
      const row = await primary.transaction((transaction) =>
        transaction
          .selectFrom('restore')
          .where('is_announced', '=', 0)
          .select('above_epoch')
          .executeTakeFirst(),
      );
      return row?.above_epoch ?? null;
    },
    async noteRestoreAnnounced() {
      await primary.transaction((transaction) =>
        transaction.updateTable('restore').set({ is_announced: 1 }).execute(),
      );
    },
    async insertRootRecordIfAbsent(record) {
      await primary.transaction(async (transaction) => {
        await transaction
          .insertInto('root_record')
          .values({ id: 1, record })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      });
    },
  };
}
