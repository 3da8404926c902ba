import type { Engine } from './engine.ts';
import type { PrimarySchema, UserOperationTable } from './schema.ts';
import type { SmartAccountStore, StoredUserOperation } from './smart-account-store.ts';

type UserOperationVerbs = Pick<
  SmartAccountStore,
  'addUserOperation' | 'findUserOperation' | 'moveUserOperation'
>;

export function userOperationVerbs(primary: Engine<PrimarySchema>): UserOperationVerbs {
  return {
    async addUserOperation(operation) {
      // The same operation may be prepared again while nothing on the chain changed.
      await primary.transaction((transaction) =>
        transaction
          .insertInto('user_operation')
          .values(toRow(operation))
          .onConflict((conflict) => conflict.columns(['project_id', 'user_op_hash']).doNothing())
          .execute(),
      );
    },
    findUserOperation: ({ projectId, address, userOpHash }) =>
      primary.transaction(async (transaction) => {
        const row = await transaction
          .selectFrom('user_operation')
          .selectAll()
          .where('project_id', '=', projectId)
          .where('user_op_hash', '=', userOpHash.toLowerCase())
          .where('address_key', '=', address.toLowerCase())
          .executeTakeFirst();
        return row === undefined ? null : toOperation(row);
      }),
    moveUserOperation: ({ projectId, address, userOpHash }, from, { status, operation, receipt }) =>
      primary.transaction(async (transaction) => {
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
      }),
  };
}

function toRow(operation: StoredUserOperation): UserOperationTable {
  return {
    project_id: operation.projectId,
    address_key: operation.address.toLowerCase(),
    user_op_hash: operation.userOpHash.toLowerCase(),
    network: operation.network,
    operation: operation.operation,
    calls: operation.calls,
    status: operation.status,
    receipt: operation.receipt,
    created_at_ms: operation.createdAtMs,
  };
}

function toOperation(row: UserOperationTable): StoredUserOperation {
  return {
    projectId: row.project_id,
    address: row.address_key,
    userOpHash: row.user_op_hash,
    network: row.network,
    operation: row.operation,
    calls: row.calls,
    status: row.status,
    receipt: row.receipt,
    createdAtMs: row.created_at_ms,
  };
}
