import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { resealRows } from '@strongroom/shared/operations/reseal-rows';
import type { AccountReplacement, RotationStore, SealedProject } from '../store/rotation-store.ts';
import type { RowBatch } from './account-batches.ts';

interface Resealing {
  readonly call: OperationClient['call'];
  readonly store: RotationStore;
  readonly generation: number;
}

/**
 * Has the rows of a batch that are not of the generation yet sealed anew, and replaces them.
 * @returns how many accounts, and the project if it was one
 * @throws OperationError, StoreError
 */
export async function resealBatch(batch: RowBatch, { call, store, generation }: Resealing): Promise<number> {
  const { project } = batch;
  const isOld = (blob: Uint8Array) => generationOf(blob) !== generation;
  const old = batch.accounts.filter(({ account, walletKey }) => isOld(account.sealed) || isOld(walletKey));
  const isProjectOld = blobsOf(project).some(isOld);
  if (old.length === 0 && !isProjectOld) return 0;
  const resealed = await call(resealRows, {
    project: project.rows,
    importKey: project.importKey,
    accounts: old.map(({ address, account, walletKey }) => ({ address, account, walletKey })),
  });
  if (isProjectOld) {
    const { projectId, authority, clientSecret } = project.rows;
    const { importKey } = project;
    await store.replaceSealedProject({
      projectId,
      authority: { from: authority.sealed, to: resealed.authority },
      clientSecret: { from: clientSecret, to: resealed.clientSecret },
      importKey:
        importKey === null || resealed.importKey === null
          ? null
          : { from: importKey, to: resealed.importKey },
    });
  }
  const replacements = old.flatMap((account, index): AccountReplacement[] => {
    const to = resealed.accounts[index];
    if (to === undefined) return [];
    return [
      {
        projectId: project.rows.projectId,
        family: account.family,
        addressKey: account.addressKey,
        vaultId: account.vaultId,
        account: { from: account.account.sealed, to: to.account },
        walletKey: { from: account.walletKey, to: to.walletKey },
      },
    ];
  });
  if (replacements.length > 0) await store.replaceSealedAccounts(replacements);
  return replacements.length + (isProjectOld ? 1 : 0);
}

function blobsOf({ rows, importKey }: SealedProject): Uint8Array[] {
  return [rows.authority.sealed, rows.clientSecret, ...(importKey === null ? [] : [importKey])];
}

/** Bytes 1 to 4 of a sealed blob, big-endian; docs/protocol.md section 4. */
export function generationOf(blob: Uint8Array): number {
  return Buffer.from(blob.buffer, blob.byteOffset, blob.length).readUInt32BE(1);
}
