import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { IdempotencyClaim, IdempotencyOutcome } from '../../../src/store/idempotency-store.ts';
import { newAccount, nextVersion, randomAddress } from '../store-fixtures.ts';
import { DAY_MS, NOW_MS, type Subject, storedProject } from './subject.ts';

export function describeIdempotency(subject: Subject): void {
  describe('idempotency', () => {
    const fingerprint = randomBytes(32);
    const request = (projectId: Uint8Array, key: string) => ({
      projectId,
      method: 'POST',
      path: '/v2/evm/accounts',
      key,
      fingerprint,
    });
    const claimOf = (outcome: IdempotencyOutcome): IdempotencyClaim => {
      if (outcome.kind !== 'claimed') throw new Error(outcome.kind);
      return outcome.claim;
    };

    it('lets one of many attempts at a time have the key', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      const attempts = Array.from({ length: 6 }, () =>
        subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS),
      );
      const kinds = (await Promise.all(attempts)).map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual(['claimed', ...Array.from({ length: 5 }, () => 'in-progress')]);
    });

    it('remembers what a create made and answered, and refuses another payload', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      const claim = claimOf(await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      const account = newAccount(projectId, { address: randomAddress() });
      const answer = { status: 201, body: new Uint8Array([123, 0, 255]) };
      expect(await subject.store.addAccount(account, { ...claim, answer })).toBe('added');
      await subject.reopen();
      const outcome = await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + 1);
      if (outcome.kind !== 'repeated') throw new Error(outcome.kind);
      const { madeId, answer: kept } = outcome.done;
      expect([madeId, kept?.status]).toEqual([account.address.toLowerCase(), 201]);
      expect(Buffer.from(kept?.body ?? []).equals(answer.body)).toBe(true);
      const other = { ...request(projectId, 'a'), fingerprint: randomBytes(32) };
      expect(await subject.store.claimIdempotencyKey(other, NOW_MS + 1)).toEqual({ kind: 'mismatch' });
    });

    it('keeps keys of other projects, methods and paths apart', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      const other = (await storedProject(subject.store)).rows.projectId;
      const base = request(projectId, 'a');
      const scopes = [
        base,
        { ...base, projectId: other },
        { ...base, method: 'PUT' },
        { ...base, path: '/v2/x' },
      ];
      for (const scope of scopes)
        expect((await subject.store.claimIdempotencyKey(scope, NOW_MS)).kind).toBe('claimed');
    });

    it('is free again after a refused request, and after a day', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      await subject.store.abandonIdempotentRequest(
        claimOf(await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS)),
      );
      const claim = claimOf(await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      await subject.store.finishIdempotentRequest(claim);
      await subject.store.abandonIdempotentRequest(claim);
      expect(await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + DAY_MS - 1)).toEqual({
        kind: 'repeated',
        done: { madeId: null, answer: null },
      });
      expect((await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + DAY_MS)).kind).toBe(
        'claimed',
      );
    });

    it('hands the key of a dead attempt on, and the dead attempt can add nothing', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      const dead = claimOf(await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      expect((await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + 60_000)).kind).toBe(
        'in-progress',
      );
      const live = claimOf(
        await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + 120_000),
      );
      const late = newAccount(projectId);
      expect(await subject.store.addAccount(late, dead)).toBe('claim-lost');
      expect(await subject.store.findAccount(late)).toBeNull();
      expect(await subject.store.addAccount(newAccount(projectId), live)).toBe('added');
    });

    it('claims nothing for an update that was refused', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      const account = newAccount(projectId);
      await subject.store.addAccount(account, null);
      const stale = { ...nextVersion(account), record: { version: 9, sealed: randomBytes(9) } };
      const first = claimOf(await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      expect(await subject.store.replaceAccount(stale, first)).toBe('version-conflict');
      expect(await subject.store.replaceAccount(nextVersion(account), first)).toBe('replaced');
    });

    it('forgets expired keys', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      await subject.store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS - 30 * DAY_MS);
      expect(await subject.store.removeExpiredIdempotencyKeys(NOW_MS - 29 * DAY_MS)).toBe(1);
      expect(await subject.store.removeExpiredIdempotencyKeys(NOW_MS - 29 * DAY_MS)).toBe(0);
    });
  });
}
