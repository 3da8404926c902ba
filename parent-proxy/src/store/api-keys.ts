import type { ProjectView } from '@strongroom/shared/operations/fields';
import type { Engine } from './engine.ts';
import type { ApiKeyTable, PrimarySchema } from './schema.ts';
import type { Store } from './store.ts';

type ApiKeyVerbs = Pick<Store, 'listApiKeys' | 'noteApiKeyUse'>;

export function apiKeyVerbs(primary: Engine<PrimarySchema>): ApiKeyVerbs {
  return {
    listApiKeys: (projectId) =>
      primary.transaction(async (transaction) => {
        const query = transaction.selectFrom('api_key').where('project_id', '=', projectId);
        const rows = await query.orderBy('api_key_id').selectAll().execute();
        return rows.map((row) => ({
          id: row.api_key_id,
          algorithm: row.algorithm,
          scopes: JSON.parse(row.scopes) as string[],
          expiresAtMs: row.expires_at_ms,
          allowedIps: JSON.parse(row.allowed_ips) as string[],
          lastUsedAtMs: row.last_used_at_ms,
        }));
      }),
    async noteApiKeyUse(usedAtMs) {
      // In one order everywhere, so that two proxies never wait for each other.
      const used = [...usedAtMs].toSorted(([a], [b]) => (a < b ? -1 : 1));
      await primary.transaction(async (transaction) => {
        for (const [id, lastUsedAtMs] of used) {
          await transaction
            .updateTable('api_key')
            .set({ last_used_at_ms: lastUsedAtMs })
            .where('api_key_id', '=', id)
            .where((eb) =>
              eb.or([eb('last_used_at_ms', 'is', null), eb('last_used_at_ms', '<', lastUsedAtMs)]),
            )
            .execute();
        }
      });
    },
  };
}

export function toApiKeyRow(
  projectId: Uint8Array,
  { id, algorithm, publicKey, scopes, expiresAtMs, allowedIps }: ProjectView['apiKeys'][number],
): ApiKeyTable {
  return {
    api_key_id: id,
    project_id: projectId,
    algorithm,
    public_key: publicKey,
    scopes: JSON.stringify(scopes),
    expires_at_ms: expiresAtMs,
    allowed_ips: JSON.stringify(allowedIps),
    last_used_at_ms: null,
  };
}
