import type { Engine } from './engine.ts';
import type { PrimarySchema } from './schema.ts';
import type { Store } from './store.ts';

type NonceLeaseVerbs = Pick<Store, 'takeNonceLease' | 'releaseNonceLease' | 'usedNonces'>;

export function nonceLeaseVerbs(primary: Engine<PrimarySchema>): NonceLeaseVerbs {
  return {
    takeNonceLease: ({ network, sender, holder }, { nowMs, expiresAtMs }) =>
      primary.transaction(async (transaction) => {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('nonce_lease')
          .values({ network, sender, holder, expires_at_ms: expiresAtMs })
          .onConflict((conflict) =>
            conflict
              .columns(['network', 'sender'])
              .doUpdateSet({ holder, expires_at_ms: expiresAtMs })
              .where(({ eb, or }) =>
                or([eb('nonce_lease.expires_at_ms', '<=', nowMs), eb('nonce_lease.holder', '=', holder)]),
              ),
          )
          .executeTakeFirstOrThrow();
        return numInsertedOrUpdatedRows === 1n;
      }),
    async releaseNonceLease({ network, sender, holder }) {
      await primary.transaction((transaction) =>
        transaction
          .deleteFrom('nonce_lease')
          .where('network', '=', network)
          .where('sender', '=', sender)
          .where('holder', '=', holder)
          .execute(),
      );
    },
    usedNonces: ({ network, sender }, from) =>
      primary.transaction(async (transaction) => {
        const rows = await transaction
          .selectFrom('outbox')
          .select('nonce')
          .where('network', '=', network)
          .where('sender', '=', sender)
          .where('nonce', '>=', from)
          .where('state', '!=', 'refused')
          .execute();
        return new Set(rows.map(({ nonce }) => nonce).filter((nonce) => nonce !== null));
      }),
  };
}
