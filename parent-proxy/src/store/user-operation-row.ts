import type { UserOperationTable } from './schema.ts';
import type { StoredUserOperation } from './smart-account-store.ts';

export function toRow(operation: StoredUserOperation): Omit<UserOperationTable, 'token_id'> {
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

export function toOperation(row: UserOperationTable): StoredUserOperation {
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
