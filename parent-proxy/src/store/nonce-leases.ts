import type { Engine } from './engine.ts';
import type { OutboxTable, PrimarySchema } from './schema.ts';
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
          .select(['nonce', 'state', 'raw'])
          .where('network', '=', network)
          .where('sender', '=', sender)
          .where('nonce', '>=', from - 1)
          .where('state', '!=', 'refused')
          .execute();
        return new Set(rows.flatMap(noncesOf).filter((nonce) => nonce >= from));
      }),
  };
}

/** First byte of a transaction of EIP-7702. */
const DELEGATING = 4;

/** One that delegates its own sender takes the next nonce too, for the authorization, once it is mined; then the chain counts both. */
function noncesOf({ nonce, state, raw }: Pick<OutboxTable, 'nonce' | 'state' | 'raw'>): number[] {
  if (nonce === null) return [];
  const isOpen = state === 'stored' || state === 'broadcast';
  return isOpen && raw[0] === DELEGATING ? [nonce, nonce + 1] : [nonce];
}
