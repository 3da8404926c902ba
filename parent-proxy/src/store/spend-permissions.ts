import type { SpendPermission } from '@strongroom/shared/api/spend-permission-body';
import type { Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import { pageArguments, toPage } from './page.ts';
import type { PrimarySchema } from './schema.ts';
import type {
  PermissionChange,
  SmartAccountStore,
  StoredSpendPermission,
  StoredUserOperation,
} from './smart-account-store.ts';
import { toOperation } from './user-operation-row.ts';

type SpendPermissionVerbs = Pick<
  SmartAccountStore,
  'findSpendPermission' | 'listSpendPermissions' | 'findOpenPermissionOperations'
>;

/** Two operations for the same permission: the newest counts, as an earlier one was dropped. */
export async function keepPermissionChange(
  transaction: Transaction<PrimarySchema>,
  { projectId, address, network, userOpHash, createdAtMs }: StoredUserOperation,
  change: PermissionChange,
): Promise<void> {
  const key = {
    project_id: projectId,
    address_key: address.toLowerCase(),
    network,
    permission_hash: hashKey(change.hash),
  };
  const operation = userOpHash.toLowerCase();
  if (change.kind === 'approve') {
    const permission = JSON.stringify(change.permission);
    await transaction
      .insertInto('spend_permission')
      .values({ ...key, permission, approved_by: operation, revoked_by: null, created_at_ms: createdAtMs })
      .onConflict((conflict) =>
        conflict
          .columns(['project_id', 'address_key', 'network', 'permission_hash'])
          .doUpdateSet({ approved_by: operation }),
      )
      .execute();
    return;
  }
  await transaction
    .updateTable('spend_permission')
    .set({ revoked_by: operation })
    .where('project_id', '=', key.project_id)
    .where('address_key', '=', key.address_key)
    .where('network', '=', network)
    .where('permission_hash', '=', key.permission_hash)
    .execute();
}

export function spendPermissionVerbs(primary: Engine<PrimarySchema>): SpendPermissionVerbs {
  return {
    findSpendPermission: ({ projectId, address, network, hash }) =>
      primary.transaction(async (transaction) => {
        const row = await transaction
          .selectFrom('spend_permission')
          .select('permission')
          .where('project_id', '=', projectId)
          .where('address_key', '=', address.toLowerCase())
          .where('network', '=', network)
          .where('permission_hash', '=', hashKey(hash))
          .executeTakeFirst();
        return row === undefined ? null : (JSON.parse(row.permission) as SpendPermission);
      }),
    listSpendPermissions: ({ projectId, address, ...page }) =>
      primary.transaction(async (transaction) => {
        const { createdAtMs, key, limit } = pageArguments(page);
        const rows = await approved(transaction, projectId, address)
          .where(({ eb, refTuple, tuple }) =>
            eb(refTuple('granted.created_at_ms', 'granted.permission_hash'), '<', tuple(createdAtMs, key)),
          )
          .orderBy('granted.created_at_ms', 'desc')
          .orderBy('granted.permission_hash', 'desc')
          .limit(limit)
          .execute();
        return toPage(rows, page.limit, {
          cursorOf: (row) => ({ createdAtMs: row.created_at_ms, key: row.permission_hash }),
          show: toPermission,
        });
      }),
    findOpenPermissionOperations: ({ projectId, address }, limit) =>
      primary.transaction(async (transaction) => {
        const rows = await transaction
          .selectFrom('user_operation')
          .innerJoin('spend_permission', (join) =>
            join
              .onRef('spend_permission.project_id', '=', 'user_operation.project_id')
              .on(({ eb, or, ref }) =>
                or([
                  eb('user_operation.user_op_hash', '=', ref('spend_permission.approved_by')),
                  eb('user_operation.user_op_hash', '=', ref('spend_permission.revoked_by')),
                ]),
              ),
          )
          .selectAll('user_operation')
          .where('user_operation.project_id', '=', projectId)
          .where('user_operation.address_key', '=', address.toLowerCase())
          .where('user_operation.status', 'in', ['signed', 'broadcast'])
          .orderBy('user_operation.created_at_ms', 'desc')
          .limit(limit)
          .execute();
        return rows.map(toOperation);
      }),
  };
}

function approved(transaction: Transaction<PrimarySchema>, projectId: Uint8Array, address: string) {
  return transaction
    .selectFrom('spend_permission as granted')
    .innerJoin('user_operation as approval', (join) =>
      join
        .onRef('approval.project_id', '=', 'granted.project_id')
        .onRef('approval.user_op_hash', '=', 'granted.approved_by')
        .on('approval.status', '=', 'complete'),
    )
    .leftJoin('user_operation as revocation', (join) =>
      join
        .onRef('revocation.project_id', '=', 'granted.project_id')
        .onRef('revocation.user_op_hash', '=', 'granted.revoked_by')
        .on('revocation.status', '=', 'complete'),
    )
    .select([
      'granted.permission_hash',
      'granted.network',
      'granted.permission',
      'granted.created_at_ms',
      'revocation.created_at_ms as revoked_at_ms',
    ])
    .where('granted.project_id', '=', projectId)
    .where('granted.address_key', '=', address.toLowerCase());
}

interface PermissionRow {
  readonly permission_hash: string;
  readonly network: StoredSpendPermission['network'];
  readonly permission: string;
  readonly created_at_ms: number;
  readonly revoked_at_ms: number | null;
}

function toPermission(row: PermissionRow): StoredSpendPermission {
  return {
    hash: `0x${row.permission_hash}`,
    network: row.network,
    permission: JSON.parse(row.permission) as SpendPermission,
    createdAtMs: row.created_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}

function hashKey(hash: string): string {
  return hash.toLowerCase().replace(/^0x/, '');
}
