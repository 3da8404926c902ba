import { ofFamily } from './account-reads.ts';
import { addressKeyOf, toAccountRow } from './account-row.ts';
import type { Engine } from './engine.ts';
import { finishClaim } from './idempotency.ts';
import type { IdempotencyClaim } from './idempotency-store.ts';
import type { AccountTable, PrimarySchema } from './schema.ts';
import type { AddAccountOutcome, NewAccount, NextAccount, ReplaceAccountOutcome, Store } from './store.ts';
import { isReferenceViolation, isUniqueViolation, VersionConflict } from './store-error.ts';
import { insertTransferReceipt } from './transfer-receipts.ts';
import type { Vault } from './vault.ts';

type AccountWrites = Pick<Store, 'addAccount' | 'replaceAccount'>;
type Builder = Engine<PrimarySchema>['builder'];

export function accountWrites(primary: Engine<PrimarySchema>, vault: Vault): AccountWrites {
  return {
    async addAccount(account, claim) {
      await vault.add(account.vaultId, account.walletKey, account.createdAtMs);
      const outcome = await addRow(primary, account, claim);
      // A transaction that ended without the account leaves a key that nothing can ever name; if it stays, it is an orphan's.
      if (outcome !== 'added') await vault.remove(account.vaultId).catch(() => undefined);
      return outcome;
    },
    replaceAccount: (next, claim) => replaceRow(primary, next, claim),
  };
}

async function addRow(
  primary: Engine<PrimarySchema>,
  account: NewAccount,
  claim: IdempotencyClaim | null,
): Promise<AddAccountOutcome> {
  const row = toAccountRow(account);
  try {
    return await primary.transaction(async (transaction) => {
      if (claim !== null && !(await finishClaim(transaction, claim, row.address_key))) return 'claim-lost';
      await transaction.insertInto('account').values(row).execute();
      const { projectId, address, importReceipt: receipt, createdAtMs: storedAtMs } = account;
      if (receipt !== null) {
        const kept = { transfer: 'import', address, receipt, storedAtMs } as const;
        await insertTransferReceipt(transaction, projectId, kept);
      }
      return 'added';
    });
  } catch (error) {
    if (isReferenceViolation(error)) return 'policy-gone';
    if (!isUniqueViolation(error)) throw error;
    return (await hasAddress(primary, row)) ? 'address-taken' : 'name-taken';
  }
}

async function hasAddress(primary: Engine<PrimarySchema>, row: AccountTable): Promise<boolean> {
  return await primary.transaction(async (transaction) => {
    const query = ofFamily(transaction, { projectId: row.project_id, family: row.family });
    const found = await query
      .where('address_key', '=', row.address_key)
      .select('address_key')
      .executeTakeFirst();
    return found !== undefined;
  });
}

async function replaceRow(
  primary: Engine<PrimarySchema>,
  next: NextAccount,
  claim: IdempotencyClaim | null,
): Promise<ReplaceAccountOutcome> {
  try {
    return await primary.transaction(async (transaction) => {
      if (claim !== null && !(await finishClaim(transaction, claim, null))) return 'claim-lost';
      const { numUpdatedRows } = await updateQuery(transaction, next).executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) throw new VersionConflict();
      return 'replaced';
    });
  } catch (error) {
    if (error instanceof VersionConflict) return 'version-conflict';
    if (isUniqueViolation(error)) return 'name-taken';
    if (isReferenceViolation(error)) return 'policy-gone';
    throw error;
  }
}

function updateQuery(transaction: Builder, { projectId, family, address, ...next }: NextAccount) {
  return transaction
    .updateTable('account')
    .set({
      name: next.name,
      policy_id: next.policyId,
      updated_at_ms: next.updatedAtMs,
      certificate: next.certificate,
      record_version: next.record.version,
      record_sealed: next.record.sealed,
    })
    .where('project_id', '=', projectId)
    .where('family', '=', family)
    .where('address_key', '=', addressKeyOf(family, address))
    .where('record_version', '=', next.record.version - 1);
}
