import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RecoveryEvent } from '../../../src/store/recovery-notice-store.ts';
import type { NewProject } from '../../../src/store/store.ts';
import { NOW_MS, type Subject, storedProject } from './subject.ts';

const HOUR_MS = 60 * 60_000;
const hourly = (_attempts: number): number => NOW_MS + HOUR_MS;

function eventOf({ rows }: NewProject, changes: Partial<RecoveryEvent> = {}): RecoveryEvent {
  return {
    event: 'recovery-started',
    projectId: Buffer.from(rows.projectId).toString('hex'),
    recoveryId: randomBytes(16).toString('hex'),
    completableAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}

/** The change that takes a project to its second version. */
function changeWith({ rows, view }: NewProject, notice: RecoveryEvent, version = 2) {
  const authority = { version, sealed: randomBytes(300) };
  return { projectId: rows.projectId, authority, view, policy: null, notice, changedAtMs: NOW_MS };
}

export function describeRecoveryNotices(subject: Subject): void {
  describe('recovery notices', () => {
    /** Notices of one project: other sections share the store. */
    const takeUp = async (notice: RecoveryEvent, nowMs: number, dueAgainAtMs = hourly) => {
      const taken = await subject.store.takeUpRecoveryNotices(nowMs, dueAgainAtMs);
      return taken.filter((each) => each.notice.projectId === notice.projectId);
    };

    it('are kept with the change that they tell of, and outlive the process', async () => {
      const project = await storedProject(subject.store);
      const notice = eventOf(project);
      expect(await subject.store.replaceAuthority(changeWith(project, notice), null)).toBe('replaced');
      await subject.reopen();
      expect(await takeUp(notice, NOW_MS - 1)).toEqual([]);
      expect(await takeUp(notice, NOW_MS)).toEqual([{ notice, attempts: 1 }]);
      await subject.store.removeRecoveryNotice(notice);
      expect(await takeUp(notice, NOW_MS + HOUR_MS)).toEqual([]);
    });

    it('are not kept of a change that lost', async () => {
      const project = await storedProject(subject.store);
      const notice = eventOf(project);
      expect(await subject.store.replaceAuthority(changeWith(project, notice, 7), null)).toBe(
        'version-conflict',
      );
      expect(await takeUp(notice, NOW_MS)).toEqual([]);
    });

    it('are due again when they were said to be, and count how often', async () => {
      const project = await storedProject(subject.store);
      const notice = eventOf(project, { event: 'recovery-vetoed', completableAt: null });
      await subject.store.replaceAuthority(changeWith(project, notice), null);
      const seen: number[] = [];
      const dueAgainAtMs = (attempts: number) => {
        seen.push(attempts);
        return NOW_MS + attempts * HOUR_MS;
      };
      expect(await takeUp(notice, NOW_MS, dueAgainAtMs)).toEqual([{ notice, attempts: 1 }]);
      expect(await takeUp(notice, NOW_MS + HOUR_MS - 1, dueAgainAtMs)).toEqual([]);
      expect(await takeUp(notice, NOW_MS + HOUR_MS, dueAgainAtMs)).toEqual([{ notice, attempts: 2 }]);
      expect(seen).toEqual([1, 2]);
      await subject.store.removeRecoveryNotice(notice);
    });

    it('go to one of several that look at once', async () => {
      const project = await storedProject(subject.store);
      const notice = eventOf(project);
      await subject.store.replaceAuthority(changeWith(project, notice), null);
      const taken = await Promise.all(Array.from({ length: 8 }, () => takeUp(notice, NOW_MS)));
      expect(taken.flat()).toEqual([{ notice, attempts: 1 }]);
      await subject.store.removeRecoveryNotice(notice);
    });
  });
}
