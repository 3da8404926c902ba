import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import type { RotationStore } from '../store/rotation-store.ts';
import type { Store } from '../store/store.ts';

export interface RootRecordChange {
  readonly call: OperationClient['call'];
  readonly store: Pick<RotationStore, 'replaceRootRecord'> & Pick<Store, 'readRootRecord'>;
}

/** Asking KMS for each key takes a few round trips. */
const UNSEAL_DEADLINE_MS = 60_000;

/**
 * Shows the enclave the stored root record, so that a change is made to what the store has.
 * @throws OperationError PHASE_REFUSED when there is none; and those of `load-root-record`
 */
export async function presentRootRecord({ call, store }: RootRecordChange): Promise<Uint8Array> {
  const rootRecord = await store.readRootRecord();
  if (rootRecord === null) throw new OperationError('PHASE_REFUSED');
  await call(loadRootRecord, { rootRecord }, UNSEAL_DEADLINE_MS);
  return rootRecord;
}

/**
 * Has the enclave make the next root record, stores it in the place of the last, and loads it. Other proxies see it in the store within
 * their next look.
 * @throws OperationError ROTATION_REFUSED when somebody else changed the record meanwhile; StoreError
 */
export async function changeRootRecord(
  { call, store }: RootRecordChange,
  change: () => Promise<{ readonly rootRecord: Uint8Array }>,
): Promise<void> {
  const from = await presentRootRecord({ call, store });
  const { rootRecord: to } = await change();
  if (!(await store.replaceRootRecord({ from, to }))) throw new OperationError('ROTATION_REFUSED');
  await presentRootRecord({ call, store });
}
