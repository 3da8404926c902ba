import type { Engine } from './engine.ts';
import type { PrimarySchema } from './schema.ts';
import type { Store } from './store.ts';

export function requestCountVerbs(primary: Engine<PrimarySchema>): Pick<Store, 'addRequestCounts'> {
  return {
    addRequestCounts: (windowStartMs, added) =>
      primary.transaction(async (transaction) => {
        await transaction.deleteFrom('request_count').where('window_start_ms', '<', windowStartMs).execute();
        // In one order everywhere, so that two proxies never wait for each other.
        const ordered = added.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
        const totals = [];
        for (const { subject, requests } of ordered) {
          const total = await transaction
            .insertInto('request_count')
            .values({ window_start_ms: windowStartMs, subject, requests })
            .onConflict((conflict) =>
              conflict.columns(['window_start_ms', 'subject']).doUpdateSet((eb) => ({
                requests: eb('request_count.requests', '+', eb.ref('excluded.requests')),
              })),
            )
            .returning(['subject', 'requests'])
            .executeTakeFirstOrThrow();
          totals.push(total);
        }
        return totals;
      }),
  };
}
