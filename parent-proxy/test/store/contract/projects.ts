import { describe, expect, it } from 'vitest';
import { hexed, newAccount, newProject } from '../store-fixtures.ts';
import { type Subject, storedProject } from './subject.ts';

export function describeProjects(subject: Subject): void {
  describe('root record', () => {
    it('keeps the first of two and survives', async () => {
      expect(await subject.store.readRootRecord()).toBeNull();
      await Promise.all([
        subject.store.insertRootRecordIfAbsent(Uint8Array.of(1)),
        subject.store.insertRootRecordIfAbsent(Uint8Array.of(2)),
      ]);
      const kept = hexed(await subject.store.readRootRecord());
      expect(['01', '02']).toContain(kept);
      await subject.store.insertRootRecordIfAbsent(Uint8Array.of(3));
      await subject.reopen();
      expect(hexed(await subject.store.readRootRecord())).toBe(kept);
    });
  });

  describe('projects', () => {
    it('are counted with their accounts by the generation that they are sealed under', async () => {
      const before = await subject.store.countOtherGeneration(7);
      const ofSeven = Buffer.from('0100000007ff', 'hex');
      const project = newProject();
      const authority = { ...project.rows.authority, sealed: ofSeven };
      await subject.store.addProject({ ...project, rows: { ...project.rows, authority } });
      await storedProject(subject.store);
      expect((await subject.store.countOtherGeneration(7)) - before).toBe(1);
      const { projectId } = project.rows;
      for (const sealed of [ofSeven, Buffer.from('0100000008ff', 'hex')]) {
        const account = newAccount(projectId);
        await subject.store.addAccount({ ...account, record: { ...account.record, sealed } }, null);
      }
      expect((await subject.store.countOtherGeneration(7)) - before).toBe(2);
    });

    it('finds a project by each of its API keys', async () => {
      const project = newProject(['key-one', 'organizations/o/apiKeys/two']);
      await subject.store.addProject(project);
      for (const { id, ...apiKey } of project.view.apiKeys) {
        const principal = { apiKeyId: id, ...apiKey, project: project.rows, projectPolicyId: null };
        expect(hexed(await subject.store.findPrincipal(id))).toEqual(hexed(principal));
      }
      expect(await subject.store.findPrincipal('key-three')).toBeNull();
    });

    it('finds a project by its id alone, in its newest version', async () => {
      const project = await storedProject(subject.store);
      const { projectId } = project.rows;
      expect(hexed(await subject.store.findProject(projectId))).toEqual(hexed(project.rows));
      expect(await subject.store.findProject(new Uint8Array(32))).toBeNull();
      const authority = { version: project.rows.authority.version + 1, sealed: Uint8Array.of(7) };
      const change = { projectId, authority, view: project.view, policy: null, notice: null, changedAtMs: 1 };
      expect(await subject.store.replaceAuthority(change, null)).toBe('replaced');
      expect(hexed(await subject.store.findProject(projectId))).toEqual(
        hexed({ ...project.rows, authority }),
      );
    });

    it('gives an API key id to one project only and leaves nothing of the other', async () => {
      const first = newProject(['shared-key']);
      const second = newProject(['own-key', 'shared-key']);
      expect(await subject.store.addProject(first)).toBe('added');
      expect(await subject.store.addProject(second)).toBe('api-key-taken');
      expect(await subject.store.findPrincipal('own-key')).toBeNull();
      expect(hexed((await subject.store.findPrincipal('shared-key'))?.project)).toEqual(hexed(first.rows));
    });

    it('refuses a project id twice', async () => {
      const project = await storedProject(subject.store);
      expect(await subject.store.addProject({ ...newProject(), rows: project.rows })).toBe('project-taken');
    });

    it("keeps the first of a project's import keys", async () => {
      const { rows } = await storedProject(subject.store);
      expect(await subject.store.findImportKey(rows.projectId)).toBeNull();
      const rivals = [Uint8Array.of(1), Uint8Array.of(2)];
      const kept = await Promise.all(
        rivals.map((key) => subject.store.keepFirstImportKey(rows.projectId, key)),
      );
      expect(hexed(kept[0])).toBe(hexed(kept[1]));
      expect(hexed(await subject.store.findImportKey(rows.projectId))).toBe(hexed(kept[0]));
    });
  });
}
