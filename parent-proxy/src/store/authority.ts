import type { Transaction } from 'kysely';
import { toApiKeyRow } from './api-keys.ts';
import type { Engine } from './engine.ts';
import { finishClaim } from './idempotency.ts';
import { insertRecoveryNotice } from './recovery-notices.ts';
import type { PrimarySchema } from './schema.ts';
import type { AuthorityChange, PolicyChange, ReplaceAuthorityOutcome, Store } from './store.ts';
import { isReferenceViolation, isUniqueViolation, VersionConflict } from './store-error.ts';

export function authorityVerbs(primary: Engine<PrimarySchema>): Pick<Store, 'replaceAuthority'> {
  return {
    async replaceAuthority(change, claim) {
      try {
        return await primary.transaction(async (transaction): Promise<ReplaceAuthorityOutcome> => {
          if (claim !== null && !(await finishClaim(transaction, claim, null))) return 'claim-lost';
          await replaceRecord(transaction, change);
          await replaceApiKeys(transaction, change);
          if (change.policy !== null) await replacePolicy(transaction, change, change.policy);
          if (change.notice !== null)
            await insertRecoveryNotice(transaction, change.notice, change.changedAtMs);
          return 'replaced';
        });
      } catch (error) {
        if (error instanceof VersionConflict) return 'version-conflict';
        if (isUniqueViolation(error)) return 'api-key-taken';
        if (isReferenceViolation(error)) return 'policy-in-use';
        throw error;
      }
    },
  };
}

/** The project's row is locked by this, so the transaction has all of the project to itself. */
async function replaceRecord(
  transaction: Transaction<PrimarySchema>,
  { projectId, authority, policy }: AuthorityChange,
): Promise<void> {
  const projectPolicyId = policy?.document === null ? null : policy?.id;
  const { numUpdatedRows } = await transaction
    .updateTable('project')
    .set({
      authority_version: authority.version,
      authority_sealed: authority.sealed,
      ...(policy?.scope === 'project' && { project_policy_id: projectPolicyId ?? null }),
    })
    .where('project_id', '=', projectId)
    .where('authority_version', '=', authority.version - 1)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new VersionConflict();
}

/** A key that stays never changes, so it keeps its row and its time of last use. */
async function replaceApiKeys(
  transaction: Transaction<PrimarySchema>,
  { projectId, view }: AuthorityChange,
): Promise<void> {
  const stored = await transaction
    .selectFrom('api_key')
    .where('project_id', '=', projectId)
    .select('api_key_id')
    .execute();
  const storedIds = new Set(stored.map((row) => row.api_key_id));
  const ids = new Set(view.apiKeys.map(({ id }) => id));
  const revoked = [...storedIds].filter((id) => !ids.has(id));
  if (revoked.length > 0) {
    await transaction
      .deleteFrom('api_key')
      .where('project_id', '=', projectId)
      .where('api_key_id', 'in', revoked)
      .execute();
  }
  for (const apiKey of view.apiKeys.filter(({ id }) => !storedIds.has(id))) {
    await transaction.insertInto('api_key').values(toApiKeyRow(projectId, apiKey)).execute();
  }
}

async function replacePolicy(
  transaction: Transaction<PrimarySchema>,
  { projectId, changedAtMs }: AuthorityChange,
  { id, scope, version, document }: PolicyChange,
): Promise<void> {
  if (document === null) {
    await transaction
      .deleteFrom('policy')
      .where('project_id', '=', projectId)
      .where('policy_id', '=', id)
      .execute();
    return;
  }
  const row = { project_id: projectId, policy_id: id, scope, version, document, created_at_ms: changedAtMs };
  await transaction
    .insertInto('policy')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'policy_id']).doUpdateSet({ version, document }),
    )
    .execute();
}
