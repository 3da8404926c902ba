import { MAX_ROTATION_BATCH } from '@strongroom/shared/operations/rotation-rows';
import type { RotationStore, SealedAccount, SealedProject } from '../store/rotation-store.ts';
import { StoreError } from '../store/store-error.ts';

/** Rows of one project that go to the enclave together. The first batch of a project may have no accounts. */
export interface RowBatch {
  readonly project: SealedProject;
  readonly accounts: readonly SealedAccount[];
  readonly isLast: boolean;
}

/** Leaves half of a frame for the project's own rows. */
const MAX_ACCOUNT_BYTES = 512 * 1024;

/**
 * Goes through all projects, ascending, and the accounts of each, ascending: the order of a review. The project's rows are read again for
 * each batch, as they may have been replaced.
 * @throws StoreError STORE_WRONG_DATABASE when an account's wallet key is missing
 */
export async function* rowBatches(store: RotationStore): AsyncGenerator<RowBatch> {
  for (const projectId of await store.listProjectIds()) {
    const positions = await store.listAccountPositions(projectId);
    let from = 0;
    do {
      const wanted = positions.slice(from, from + MAX_ROTATION_BATCH);
      const read = await store.readSealedAccounts(projectId, wanted);
      if (read.length < wanted.length) throw new StoreError('STORE_WRONG_DATABASE');
      const accounts = withinFrame(read);
      const project = await store.findSealedProject(projectId);
      if (project === null) throw new StoreError('STORE_WRONG_DATABASE');
      from += accounts.length;
      yield { project, accounts, isLast: from >= positions.length };
    } while (from < positions.length);
  }
}

function withinFrame(accounts: readonly SealedAccount[]): readonly SealedAccount[] {
  let bytes = 0;
  const end = accounts.findIndex(({ account, walletKey }) => {
    bytes += account.sealed.length + walletKey.length;
    return bytes > MAX_ACCOUNT_BYTES;
  });
  return end < 1 ? accounts : accounts.slice(0, end);
}

/** Accounts of all projects. */
export async function countAccounts(store: RotationStore): Promise<number> {
  let count = 0;
  for (const projectId of await store.listProjectIds()) {
    count += (await store.listAccountPositions(projectId)).length;
  }
  return count;
}
