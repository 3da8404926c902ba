import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Page } from '../../../src/store/page.ts';
import type { AuthorityChange, NewProject, PolicyChange } from '../../../src/store/store.ts';
import { hexed, newAccount, newProject, nextVersion } from '../store-fixtures.ts';
import { NOW_MS, type Subject, storedProject } from './subject.ts';

const newPolicy = (changes: Partial<PolicyChange> = {}): PolicyChange => ({
  id: randomUUID(),
  scope: 'account',
  version: 1,
  document: randomBytes(40),
  ...changes,
});

/** The change that takes a project from one version to the next. */
function changeOf(
  { rows, view }: NewProject,
  fromVersion: number,
  changes: Partial<AuthorityChange> = {},
): AuthorityChange {
  return {
    projectId: rows.projectId,
    authority: { version: fromVersion + 1, sealed: randomBytes(300) },
    view,
    policy: null,
    notice: null,
    changedAtMs: NOW_MS + fromVersion,
    ...changes,
  };
}

export function describeAuthority(subject: Subject): void {
  describe('authority', () => {
    it('is replaced version by version, by one of two that race', async () => {
      const project = await storedProject(subject.store);
      const rivals = [changeOf(project, 1), changeOf(project, 1)];
      const outcomes = await Promise.all(rivals.map((each) => subject.store.replaceAuthority(each, null)));
      expect(outcomes.toSorted()).toEqual(['replaced', 'version-conflict']);
      const winner = rivals[outcomes.indexOf('replaced')] as AuthorityChange;
      const principal = await subject.store.findPrincipal(project.view.apiKeys[0]?.id ?? '');
      expect(hexed(principal?.project.authority)).toEqual(hexed(winner.authority));
      expect(await subject.store.replaceAuthority(changeOf(project, 3), null)).toBe('version-conflict');
    });

    it('leaves nothing of a change that lost: no policy, no key, no claim', async () => {
      const project = await storedProject(subject.store);
      const { projectId } = project.rows;
      const policy = newPolicy();
      const view = { ...project.view, apiKeys: newProject(['late-key']).view.apiKeys };
      const request = { projectId, method: 'POST', path: '/x', key: 'k', fingerprint: randomBytes(32) };
      const claimed = await subject.store.claimIdempotencyKey(request, NOW_MS);
      if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
      const late = changeOf(project, 5, { policy, view });
      expect(await subject.store.replaceAuthority(late, claimed.claim)).toBe('version-conflict');
      expect(await subject.store.findPolicyDocument(projectId, policy.id)).toBeNull();
      expect(await subject.store.findPrincipal('late-key')).toBeNull();
      expect((await subject.store.claimIdempotencyKey(request, NOW_MS)).kind).toBe('in-progress');
    });

    it('adds and revokes API keys, and keeps the time of last use of those that stay', async () => {
      const project = newProject([`stays-${randomUUID()}`, `goes-${randomUUID()}`]);
      await subject.store.addProject(project);
      const [stays, goes] = project.view.apiKeys as [(typeof project.view.apiKeys)[0], { id: string }];
      await subject.store.noteApiKeyUse(new Map([[stays.id, NOW_MS]]));
      await subject.store.noteApiKeyUse(new Map([[stays.id, NOW_MS - 1]]));
      const added = { ...stays, id: `new-${randomUUID()}` };
      const view = { ...project.view, apiKeys: [stays, added] };
      expect(await subject.store.replaceAuthority(changeOf(project, 1, { view }), null)).toBe('replaced');
      expect(await subject.store.findPrincipal(goes.id)).toBeNull();
      expect(await subject.store.findPrincipal(added.id)).not.toBeNull();
      const listed = await subject.store.listApiKeys(project.rows.projectId);
      expect(listed.map(({ id, lastUsedAtMs }) => [id, lastUsedAtMs])).toEqual([
        [added.id, null],
        [stays.id, NOW_MS],
      ]);
    });

    it('refuses an API key id that another project has', async () => {
      const other = newProject(['somebody-elses']);
      await subject.store.addProject(other);
      const project = await storedProject(subject.store);
      const view = { ...project.view, apiKeys: [...project.view.apiKeys, ...other.view.apiKeys] };
      expect(await subject.store.replaceAuthority(changeOf(project, 1, { view }), null)).toBe(
        'api-key-taken',
      );
      expect(await subject.store.replaceAuthority(changeOf(project, 1), null)).toBe('replaced');
    });
  });

  describe('policies', () => {
    it('come with the rows of the accounts that they govern, of one moment', async () => {
      const project = await storedProject(subject.store);
      const { projectId } = project.rows;
      const own = newPolicy();
      const common = newPolicy({ scope: 'project' });
      await subject.store.replaceAuthority(changeOf(project, 1, { policy: own }), null);
      const account = newAccount(projectId, { policyId: own.id });
      expect(await subject.store.addAccount(account, null)).toBe('added');
      const documentsOf = async () => hexed((await subject.store.findSigningRows(account))?.policies);
      expect(await documentsOf()).toEqual(hexed([own.document]));
      const second = changeOf(project, 2, { policy: common });
      await subject.store.replaceAuthority(second, null);
      expect(await documentsOf()).toEqual(hexed([common.document, own.document]));
      const governed = await subject.store.findGovernedAccount(account);
      expect(hexed(governed?.project.authority)).toEqual(hexed(second.authority));
      const principal = await subject.store.findPrincipal(project.view.apiKeys[0]?.id ?? '');
      expect(principal?.projectPolicyId).toBe(common.id);
      await subject.store.replaceAuthority(
        changeOf(project, 3, { policy: { ...common, document: null } }),
        null,
      );
      expect(await documentsOf()).toEqual(hexed([own.document]));
    });

    it('are not removed while an account has them, nor given to one once they are removed', async () => {
      const project = await storedProject(subject.store);
      const { projectId } = project.rows;
      const policy = newPolicy();
      const removal = { ...policy, document: null };
      await subject.store.replaceAuthority(changeOf(project, 1, { policy }), null);
      const account = newAccount(projectId, { policyId: policy.id });
      await subject.store.addAccount(account, null);
      const remove = () => subject.store.replaceAuthority(changeOf(project, 2, { policy: removal }), null);
      expect(await remove()).toBe('policy-in-use');
      expect(hexed(await subject.store.findPolicyDocument(projectId, policy.id))).toBe(
        hexed(policy.document),
      );
      const detached = nextVersion(account, { policyId: null });
      expect(await subject.store.replaceAccount(detached, null)).toBe('replaced');
      expect(await remove()).toBe('replaced');
      const late = newAccount(projectId, { policyId: policy.id });
      expect(await subject.store.addAccount(late, null)).toBe('policy-gone');
      const attached = nextVersion({ ...account, record: detached.record }, { policyId: policy.id });
      expect(await subject.store.replaceAccount(attached, null)).toBe('policy-gone');
    });

    it('are listed in pages by scope, and shown to their project alone', async () => {
      const project = await storedProject(subject.store);
      const { projectId } = project.rows;
      const policies = Array.from({ length: 5 }, () => newPolicy());
      const all = [...policies, newPolicy({ scope: 'project' })];
      for (const [index, policy] of all.entries())
        await subject.store.replaceAuthority(changeOf(project, index + 1, { policy }), null);
      const seen: unknown[] = [];
      let after: Page<Uint8Array>['next'] = null;
      do {
        const page: Page<Uint8Array> = await subject.store.listPolicyDocuments({
          projectId,
          scope: 'account',
          limit: 2,
          after,
        });
        seen.push(...page.rows.map(hexed));
        after = page.next;
      } while (after !== null);
      expect(seen).toEqual(policies.map(({ document }) => hexed(document)).toReversed());
      const page = { projectId, limit: 10, after: null };
      expect((await subject.store.listPolicyDocuments({ ...page, scope: null })).rows).toHaveLength(6);
      expect((await subject.store.listPolicyDocuments({ ...page, scope: 'project' })).rows).toHaveLength(1);
      const other = (await storedProject(subject.store)).rows.projectId;
      const { rows } = await subject.store.listPolicyDocuments({ ...page, projectId: other, scope: null });
      expect(rows).toEqual([]);
      expect(await subject.store.findPolicyDocument(other, all[0]?.id ?? '')).toBeNull();
    });
  });

  describe('request counts', () => {
    it('add up over proxies, and are forgotten with their window', async () => {
      const add = (windowStartMs: number, requests: number, subjects = ['key a']) =>
        subject.store.addRequestCounts(
          windowStartMs,
          subjects.map((each) => ({ subject: each, requests })),
        );
      const rivals = await Promise.all(
        Array.from({ length: 6 }, (_, i) => add(NOW_MS, 10, i % 2 ? ['key a', 'key b'] : ['key b', 'key a'])),
      );
      expect(rivals.flat().filter(({ requests }) => requests === 60)).toHaveLength(2);
      expect(await add(NOW_MS, 1)).toEqual([{ subject: 'key a', requests: 61 }]);
      expect(await add(NOW_MS + 10_000, 1)).toEqual([{ subject: 'key a', requests: 1 }]);
      expect(await add(NOW_MS, 1)).toEqual([{ subject: 'key a', requests: 1 }]);
    });
  });
}
