import type { SelectQueryBuilder, Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import { finishClaim } from './idempotency.ts';
import type { PrimarySchema, UserOperationTable } from './schema.ts';
import type {
  KeepUserOperation,
  KeepUserOperationOutcome,
  SmartAccountStore,
  StoredUserOperation,
} from './smart-account-store.ts';
import { keepPermissionChange } from './spend-permissions.ts';
import { StoreError } from './store-error.ts';
import { toOperation, toRow } from './user-operation-row.ts';

type UserOperationVerbs = Pick<
  SmartAccountStore,
  | 'addUserOperation'
  | 'keepUserOperation'
  | 'findUserOperation'
  | 'findUserOperationByHash'
  | 'findOpenUserOperations'
  | 'findUnsentUserOperations'
  | 'moveUserOperation'
  | 'removePreparedUserOperations'
>;

/** Few enough that nobody waits long behind their removal. */
const MAX_REMOVED = 500;

export function userOperationVerbs(primary: Engine<PrimarySchema>): UserOperationVerbs {
  return {
    async addUserOperation(operation) {
      // The same operation may be prepared again while nothing on the chain changed.
      await primary.transaction((transaction) =>
        transaction
          .insertInto('user_operation')
          .values({ ...toRow(operation), token_id: null })
          .onConflict((conflict) => conflict.columns(['project_id', 'user_op_hash']).doNothing())
          .execute(),
      );
    },
    async keepUserOperation(keep) {
      try {
        return await primary.transaction((transaction) => keepIn(transaction, keep));
      } catch (error) {
        if (error instanceof NotKept) return 'in-flight';
        // The operation itself may be known; so it is the token that another one has.
        if (error instanceof StoreError && error.code === 'STORE_UNIQUE_VIOLATION') return 'token-used';
        throw error;
      }
    },
    ...userOperationReads(primary),
    removePreparedUserOperations: (madeBeforeMs) =>
      primary.transaction((transaction) => removePrepared(transaction, madeBeforeMs)),
    moveUserOperation: (key, from, to) =>
      primary.transaction((transaction) => move(transaction, key, { from, to })),
  };
}

type UserOperationReads = Pick<
  UserOperationVerbs,
  'findOpenUserOperations' | 'findUnsentUserOperations' | 'findUserOperation' | 'findUserOperationByHash'
>;

type Selection = SelectQueryBuilder<PrimarySchema, 'user_operation', UserOperationTable>;

function userOperationReads(primary: Engine<PrimarySchema>): UserOperationReads {
  const read = async (narrow: (all: Selection) => Selection): Promise<StoredUserOperation[]> => {
    const rows = await primary.transaction((transaction) =>
      narrow(transaction.selectFrom('user_operation').selectAll()).execute(),
    );
    return rows.map(toOperation);
  };
  return {
    findOpenUserOperations: ({ projectId, address, network }, limit) =>
      read((query) =>
        query
          .where('project_id', '=', projectId)
          .where('address_key', '=', address.toLowerCase())
          .where('network', '=', network)
          .where('status', 'in', ['signed', 'broadcast'])
          .orderBy('created_at_ms', 'desc')
          .limit(limit),
      ),
    findUnsentUserOperations: ({ fromMs, toMs }, limit) =>
      read((query) =>
        query
          .where('status', '=', 'signed')
          .where('created_at_ms', '>=', fromMs)
          .where('created_at_ms', '<=', toMs)
          .orderBy('created_at_ms')
          .limit(limit),
      ),
    async findUserOperation({ projectId, address, userOpHash }) {
      const [found] = await read((query) =>
        byHash(query, projectId, userOpHash).where('address_key', '=', address.toLowerCase()),
      );
      return found ?? null;
    },
    async findUserOperationByHash(projectId, userOpHash) {
      const [found] = await read((query) => byHash(query, projectId, userOpHash));
      return found ?? null;
    },
  };
}

/** At most one row. */
function byHash(query: Selection, projectId: Uint8Array, userOpHash: string): Selection {
  return query.where('project_id', '=', projectId).where('user_op_hash', '=', userOpHash.toLowerCase());
}

async function removePrepared(
  transaction: Transaction<PrimarySchema>,
  madeBeforeMs: number,
): Promise<number> {
  const stale = await transaction
    .selectFrom('user_operation')
    .select(['project_id', 'user_op_hash'])
    .where('status', '=', 'pending')
    .where('created_at_ms', '<', madeBeforeMs)
    .limit(MAX_REMOVED)
    .execute();
  for (const { project_id, user_op_hash } of stale) {
    await transaction
      .deleteFrom('user_operation')
      .where('project_id', '=', project_id)
      .where('user_op_hash', '=', user_op_hash)
      .where('status', '=', 'pending')
      .execute();
  }
  return stale.length;
}

type Move = Parameters<UserOperationVerbs['moveUserOperation']>;

async function move(
  transaction: Transaction<PrimarySchema>,
  { projectId, address, userOpHash }: Move[0],
  { from, to }: { readonly from: Move[1]; readonly to: Move[2] },
): Promise<boolean> {
  const { status, operation, receipt } = to;
  const { numUpdatedRows } = await transaction
    .updateTable('user_operation')
    .set({
      status,
      ...(operation !== undefined && { operation }),
      ...(receipt !== undefined && { receipt }),
    })
    .where('project_id', '=', projectId)
    .where('user_op_hash', '=', userOpHash.toLowerCase())
    .where('address_key', '=', address.toLowerCase())
    .where('status', 'in', from)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Ends a transaction of the database without its changes. */
class NotKept extends Error {}

async function keepIn(
  transaction: Transaction<PrimarySchema>,
  { operation, tokenId, claim, permission }: KeepUserOperation,
): Promise<KeepUserOperationOutcome> {
  if (claim !== null && !(await finishClaim(transaction, claim, operation.userOpHash.toLowerCase())))
    return 'claim-lost';
  const { status, operation: signed } = operation;
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('user_operation')
    .values({ ...toRow(operation), token_id: tokenId })
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'user_op_hash'])
        .doUpdateSet({ status, operation: signed, token_id: tokenId })
        .where('user_operation.status', '=', 'pending'),
    )
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 1n) throw new NotKept();
  if (permission !== null) await keepPermissionChange(transaction, operation, permission);
  return 'kept';
}
