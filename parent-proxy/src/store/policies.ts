import type { PolicyScope } from '@strongroom/shared/api/policy';
import { type Engine, prepareRead } from './engine.ts';
import { type PageArguments, pageArguments, toPage } from './page.ts';
import type { PrimarySchema } from './schema.ts';
import type { Store } from './store.ts';

type PolicyVerbs = Pick<Store, 'findPolicyDocument' | 'listPolicyDocuments'>;
type Builder = Engine<PrimarySchema>['builder'];

const SCOPES: readonly PolicyScope[] = ['account', 'project'];

export function policyVerbs(primary: Engine<PrimarySchema>): PolicyVerbs {
  type ById = { projectId: Uint8Array; policyId: string };
  const byId = prepareRead(primary, 'policy-by-id', (db: Builder, { projectId, policyId }: ById) =>
    ofProject(db, projectId).where('policy_id', '=', policyId).select('document'),
  );
  return {
    async findPolicyDocument(projectId, policyId) {
      const [row] = await byId({ projectId, policyId });
      return row?.document ?? null;
    },
    listPolicyDocuments: preparePages(primary),
  };
}

function ofProject(db: Builder, projectId: Uint8Array) {
  return db.selectFrom('policy').where('project_id', '=', projectId);
}

function preparePages(primary: Engine<PrimarySchema>): PolicyVerbs['listPolicyDocuments'] {
  type Arguments = PageArguments & { projectId: Uint8Array; scope: PolicyScope; otherScope: PolicyScope };
  const pages = prepareRead(primary, 'policy-page', (db: Builder, page: Arguments) =>
    ofProject(db, page.projectId)
      .where((eb) => eb.or([eb('scope', '=', page.scope), eb('scope', '=', page.otherScope)]))
      .where((eb) => eb(eb.refTuple('created_at_ms', 'policy_id'), '<', eb.tuple(page.createdAtMs, page.key)))
      .orderBy('created_at_ms', 'desc')
      .orderBy('policy_id', 'desc')
      .limit((eb) => eb.val(page.limit))
      .select(['document', 'created_at_ms', 'policy_id']),
  );
  return async ({ projectId, scope, ...page }) => {
    const [first = 'account', second = first] = scope === null ? SCOPES : [scope];
    const rows = await pages({ projectId, scope: first, otherScope: second, ...pageArguments(page) });
    return toPage(rows, page.limit, {
      cursorOf: (row) => ({ createdAtMs: row.created_at_ms, key: row.policy_id }),
      show: (row) => row.document,
    });
  };
}
