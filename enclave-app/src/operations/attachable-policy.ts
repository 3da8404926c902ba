import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { AuthorityRecord } from '../records/authority-record.ts';

/**
 * A policy can be attached to an account only when the project's record names it, with scope `account`.
 * @throws OperationError INVALID_REQUEST
 */
export function assertAttachablePolicy({ policies }: AuthorityRecord, policyId: string | null): void {
  if (policyId === null || policies.some(({ id, scope }) => id === policyId && scope === 'account')) return;
  throw new OperationError('INVALID_REQUEST', {
    clientMessage: 'accountPolicy does not name an account-level policy of this project.',
  });
}
