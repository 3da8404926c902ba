import type { NonceLease, OutboxEntry, OutboxKey, OutboxStore } from '@strongroom/chain-relay/outbox-store';
import { OPEN_STATES } from '@strongroom/chain-relay/outbox-store';
import type { Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import { finishClaim } from './idempotency.ts';
import type { OutboxTable, PrimarySchema } from './schema.ts';
import type { KeepOutcome, KeepTransaction, Store } from './store.ts';
import { StoreError } from './store-error.ts';

type OutboxVerbs = Pick<
  Store,
  | 'keepTransaction'
  | 'findOutboxEntry'
  | 'findOutboxEntriesByPrefix'
  | 'claimDueEntries'
  | 'recordProgress'
  | 'refuseEntry'
  | 'removeSettledEntries'
>;

/** Few enough that nobody waits long behind their removal. */
const MAX_REMOVED = 500;

/** Ends a transaction of the database without its changes. */
class NotKept extends Error {
  readonly outcome: KeepOutcome;
  constructor(outcome: KeepOutcome) {
    super(outcome);
    this.outcome = outcome;
  }
}

export function outboxVerbs(primary: Engine<PrimarySchema>): OutboxVerbs {
  return {
    async keepTransaction(keep) {
      try {
        return await primary.transaction((transaction) => keepIn(transaction, keep));
      } catch (error) {
        if (error instanceof NotKept) return error.outcome;
        // The entry itself may be known; so it is the token that another one has.
        if (error instanceof StoreError && error.code === 'STORE_UNIQUE_VIOLATION') return 'token-used';
        throw error;
      }
    },
    findOutboxEntry: (projectId, { network, id }) =>
      primary.transaction(async (transaction) => {
        const query = transaction.selectFrom('outbox').selectAll().where('project_id', '=', projectId);
        const row = await query
          .where('network', '=', network)
          .where('transaction_id', '=', id)
          .executeTakeFirst();
        return row === undefined ? null : toEntry(row);
      }),
    findOutboxEntriesByPrefix: (projectId, prefix) =>
      primary.transaction(async (transaction) => {
        const query = transaction.selectFrom('outbox').selectAll().where('project_id', '=', projectId);
        const rows = await query.where('transaction_id', 'like', `${prefix}%`).execute();
        return rows.map(toEntry);
      }),
    claimDueEntries: (limit, until) =>
      primary.transaction((transaction) => claimDue(transaction, limit, until)),
    recordProgress: (seen, { state, refusal, dueAtMs }) =>
      primary.transaction(async (transaction) => {
        const update = updateOf(transaction, seen).set({ state, refusal, due_at_ms: dueAtMs });
        const { numUpdatedRows } = await update
          .where('attempts', '=', seen.attempts)
          .where('state', 'in', OPEN_STATES)
          .executeTakeFirstOrThrow();
        return numUpdatedRows === 1n;
      }),
    refuseEntry: (key, refusal) =>
      primary.transaction(async (transaction) => {
        const update = updateOf(transaction, key).set({ state: 'refused', refusal });
        const { numUpdatedRows } = await update
          .where('state', '=', 'stored')
          .where('attempts', '=', 0)
          .executeTakeFirstOrThrow();
        return numUpdatedRows === 1n;
      }),
    removeSettledEntries: (settledBeforeMs) =>
      primary.transaction((transaction) => removeSettled(transaction, settledBeforeMs)),
  };
}

/** An entry's last look was before it was due next, so what is due before a time and not open was settled before it. */
async function removeSettled(
  transaction: Transaction<PrimarySchema>,
  settledBeforeMs: number,
): Promise<number> {
  const settled = await transaction
    .selectFrom('outbox')
    .select(['network', 'transaction_id'])
    .where('state', 'not in', OPEN_STATES)
    .where('due_at_ms', '<=', settledBeforeMs)
    .where('created_at_ms', '<=', settledBeforeMs)
    .limit(MAX_REMOVED)
    .execute();
  for (const { network, transaction_id } of settled) {
    await transaction
      .deleteFrom('outbox')
      .where('network', '=', network)
      .where('transaction_id', '=', transaction_id)
      .where('state', 'not in', OPEN_STATES)
      .execute();
  }
  return settled.length;
}

async function keepIn(
  transaction: Transaction<PrimarySchema>,
  { entry, claim, lease }: KeepTransaction,
): Promise<KeepOutcome> {
  const madeId = `${entry.network} ${entry.id}`;
  if (claim !== null && !(await finishClaim(transaction, claim, madeId))) return 'claim-lost';
  if (lease !== null && !(await holdLease(transaction, lease))) throw new NotKept('lease-lost');
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('outbox')
    .values(toRow(entry))
    .onConflict((conflict) => conflict.columns(['network', 'transaction_id']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n ? 'kept' : 'known';
}

/** Locks the lease until the transaction ends, so that whoever takes it next sees the nonce that was used. */
async function holdLease(
  transaction: Transaction<PrimarySchema>,
  { network, sender, holder }: NonceLease,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('nonce_lease')
    .set((eb) => ({ expires_at_ms: eb.ref('expires_at_ms') }))
    .where('network', '=', network)
    .where('sender', '=', sender)
    .where('holder', '=', holder)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

async function claimDue(
  transaction: Transaction<PrimarySchema>,
  limit: number,
  { nowMs, untilMs }: Parameters<OutboxStore['claimDueEntries']>[1],
): Promise<readonly OutboxEntry[]> {
  const due = await transaction
    .selectFrom('outbox')
    .selectAll()
    .where('state', 'in', OPEN_STATES)
    .where('due_at_ms', '<=', nowMs)
    .orderBy('due_at_ms')
    .limit(limit)
    .execute();
  const claimed: OutboxEntry[] = [];
  for (const row of due) {
    const entry = { ...toEntry(row), attempts: row.attempts + 1, dueAtMs: untilMs };
    // Another proxy may have claimed it since it was read.
    const { numUpdatedRows } = await updateOf(transaction, entry)
      .set({ due_at_ms: untilMs, attempts: entry.attempts })
      .where('due_at_ms', '=', row.due_at_ms)
      .where('state', 'in', OPEN_STATES)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 1n) claimed.push(entry);
  }
  return claimed;
}

function updateOf(transaction: Transaction<PrimarySchema>, { network, id }: OutboxKey) {
  return transaction.updateTable('outbox').where('network', '=', network).where('transaction_id', '=', id);
}

function toRow(entry: OutboxEntry): OutboxTable {
  return {
    network: entry.network,
    transaction_id: entry.id,
    project_id: entry.projectId,
    token_id: entry.tokenId,
    sender: entry.sender,
    nonce: entry.nonce,
    raw: entry.raw,
    proposal: entry.proposal,
    state: entry.state,
    refusal: entry.refusal,
    attempts: entry.attempts,
    created_at_ms: entry.createdAtMs,
    due_at_ms: entry.dueAtMs,
  };
}

function toEntry(row: OutboxTable): OutboxEntry {
  return {
    network: row.network,
    id: row.transaction_id,
    projectId: row.project_id,
    tokenId: row.token_id,
    sender: row.sender,
    nonce: row.nonce,
    raw: row.raw,
    proposal: row.proposal,
    state: row.state,
    refusal: row.refusal,
    attempts: row.attempts,
    createdAtMs: row.created_at_ms,
    dueAtMs: row.due_at_ms,
  };
}
