import { randomBytes } from 'node:crypto';
import type { NonceLease, OutboxEntry } from '@strongroom/chain-relay/outbox-store';
import { describe, expect, it } from 'vitest';
import { hexed } from '../store-fixtures.ts';
import { NOW_MS, type Subject, storedProject } from './subject.ts';

const NETWORK = 'base-sepolia';

function entryOf(projectId: Uint8Array, changes: Partial<OutboxEntry> = {}): OutboxEntry {
  return {
    network: NETWORK,
    id: `0x${randomBytes(32).toString('hex')}`,
    projectId,
    tokenId: randomBytes(16),
    sender: `0x${randomBytes(20).toString('hex')}`,
    nonce: 0,
    raw: randomBytes(110),
    proposal: '{}',
    state: 'stored',
    refusal: null,
    attempts: 0,
    createdAtMs: NOW_MS,
    // Far off, so that the entries of one test are not due in another.
    dueAtMs: NOW_MS * 2,
    ...changes,
  };
}

const leaseOf = (sender: string): NonceLease => ({ network: NETWORK, sender, holder: randomBytes(16) });
const until = (nowMs: number) => ({ nowMs, expiresAtMs: nowMs + 1000 });

export function describeOutbox(subject: Subject): void {
  async function newEntry(changes: Partial<OutboxEntry> = {}): Promise<OutboxEntry> {
    const { rows } = await storedProject(subject.store);
    return entryOf(rows.projectId, changes);
  }
  const keep = (entry: OutboxEntry, lease: NonceLease | null = null) =>
    subject.store.keepTransaction({ entry, claim: null, lease });

  describe('outbox', () => {
    it('is counted by open states', async () => {
      const before = await subject.store.countOutbox();
      for (const state of ['stored', 'stored', 'broadcast', 'final', 'refused'] as const)
        expect(await keep(await newEntry({ state }))).toBe('kept');
      const after = await subject.store.countOutbox();
      expect([after.stored - before.stored, after.broadcast - before.broadcast]).toEqual([2, 1]);
    });

    it('keeps a transaction over the end of the process', async () => {
      const entry = await newEntry();
      expect(await keep(entry)).toBe('kept');
      await subject.reopen();
      expect(hexed(await subject.store.findOutboxEntry(entry.projectId, entry))).toEqual(hexed(entry));
      expect(await subject.store.findOutboxEntry(randomBytes(32), entry)).toBeNull();
    });

    it('keeps one transaction per token, and the same transaction once', async () => {
      const entry = await newEntry();
      await keep(entry);
      expect(await keep({ ...entry, tokenId: randomBytes(16) })).toBe('known');
      const second = entryOf(entry.projectId, { tokenId: entry.tokenId, nonce: 1 });
      expect(await keep(second)).toBe('token-used');
      expect(await subject.store.findOutboxEntry(entry.projectId, second)).toBeNull();
      const { rows } = await storedProject(subject.store);
      expect(await keep(entryOf(rows.projectId, { tokenId: entry.tokenId }))).toBe('kept');
    });

    it('has the nonce after a delegation taken while that is open, and finds it by the start of its id', async () => {
      const entry = await newEntry({ nonce: 7, raw: Buffer.from([4, 1, 2]) });
      await keep(entry);
      const used = (from: number) => subject.store.usedNonces(entry, from);
      expect([...(await used(7))].toSorted()).toEqual([7, 8]);
      expect([...(await used(8))]).toEqual([8]);
      const found = await subject.store.findOutboxEntriesByPrefix(entry.projectId, entry.id.slice(0, 14));
      expect(found.map(({ id }) => id)).toEqual([entry.id]);
      expect(await subject.store.findOutboxEntriesByPrefix(randomBytes(32), entry.id)).toEqual([]);
      await subject.store.recordProgress(entry, { state: 'replaced', refusal: null, dueAtMs: NOW_MS });
      expect([...(await used(7))]).toEqual([7]);
    });

    it('keeps with the idempotency key, or neither', async () => {
      const entry = await newEntry();
      const request = {
        projectId: entry.projectId,
        method: 'POST',
        path: '/p',
        key: 'k',
        fingerprint: randomBytes(32),
      };
      const outcome = await subject.store.claimIdempotencyKey(request, NOW_MS);
      if (outcome.kind !== 'claimed') throw new Error('not claimed');
      const { claim } = outcome;
      const lost = leaseOf(entry.sender);
      expect(await subject.store.keepTransaction({ entry, claim, lease: lost })).toBe('lease-lost');
      expect((await subject.store.claimIdempotencyKey(request, NOW_MS)).kind).toBe('in-progress');
      expect(await subject.store.keepTransaction({ entry, claim, lease: null })).toBe('kept');
      expect(await subject.store.claimIdempotencyKey(request, NOW_MS)).toEqual({
        kind: 'repeated',
        done: { madeId: `${NETWORK} ${entry.id}`, answer: null },
      });
      expect(await subject.store.keepTransaction({ entry, claim, lease: null })).toBe('claim-lost');
    });

    it('gives what is due to one caller at a time, and not what is settled', async () => {
      const due = await newEntry({ dueAtMs: 5 });
      const settled = entryOf(due.projectId, { dueAtMs: 5, state: 'final' });
      for (const entry of [due, settled, entryOf(due.projectId, { dueAtMs: 9 })]) await keep(entry);
      const claim = () => subject.store.claimDueEntries(10, { nowMs: 6, untilMs: 8 });
      const claims = (await Promise.all([claim(), claim(), claim()])).flat();
      expect(claims.map(({ id, attempts }) => [id, attempts])).toEqual([[due.id, 1]]);
      expect(await claim()).toEqual([]);
      const [again] = await subject.store.claimDueEntries(1, { nowMs: 8, untilMs: NOW_MS * 2 });
      expect(again).toMatchObject({ id: due.id, attempts: 2 });
      if (again === undefined) throw new Error('not claimed');
      const settle = { state: 'final', refusal: null, dueAtMs: 0 } as const;
      expect(await subject.store.recordProgress(again, settle)).toBe(true);
      await subject.store.claimDueEntries(10, { nowMs: 9, untilMs: NOW_MS * 2 });
      expect(await claim()).toEqual([]);
    });

    it('hears nothing more from whoever was away until another had claimed it', async () => {
      const entry = await newEntry({ dueAtMs: 5 });
      await keep(entry);
      const claim = async (nowMs: number, untilMs: number) => {
        const claimed = await subject.store.claimDueEntries(10, { nowMs, untilMs });
        return claimed.find(({ id }) => id === entry.id) ?? expect.fail('not claimed');
      };
      const record = (seen: OutboxEntry, state: OutboxEntry['state']) =>
        subject.store.recordProgress(seen, { state, refusal: null, dueAtMs: NOW_MS * 2 });
      const stateOf = async () => (await subject.store.findOutboxEntry(entry.projectId, entry))?.state;
      const hung = await claim(6, 8);
      const other = await claim(8, NOW_MS * 2);
      expect([await record(hung, 'refused'), await record(entry, 'broadcast')]).toEqual([false, false]);
      expect(await stateOf()).toBe('stored');
      expect(await record(other, 'final')).toBe(true);
      expect([await record(hung, 'broadcast'), await record(other, 'broadcast')]).toEqual([false, false]);
      expect(await stateOf()).toBe('final');
    });

    it('removes what was settled long ago, and nothing that is open or of late', async () => {
      const { projectId } = await newEntry();
      const states = ['final', 'replaced', 'expired', 'refused', 'stored', 'broadcast'] as const;
      const at = (createdAtMs: number, dueAtMs: number) =>
        states.map((state) => entryOf(projectId, { state, createdAtMs, dueAtMs }));
      const [old, late, stuck] = [at(100, 200), at(100, 201), at(300, 200)];
      for (const entry of [...old, ...late, ...stuck]) await keep(entry);
      expect(await subject.store.removeSettledEntries(200)).toBe(4);
      expect(await subject.store.removeSettledEntries(200)).toBe(0);
      const left = async (entries: readonly OutboxEntry[]) => {
        const found = entries.map((entry) => subject.store.findOutboxEntry(projectId, entry));
        return (await Promise.all(found)).flatMap((entry) => (entry === null ? [] : [entry.state]));
      };
      expect(await left(old)).toEqual(['stored', 'broadcast']);
      expect([await left(late), await left(stuck)]).toEqual([states, states]);
      await subject.store.claimDueEntries(10, { nowMs: 201, untilMs: NOW_MS * 2 });
    });

    it('refuses only what nobody else has looked at', async () => {
      const [fresh, seen] = [await newEntry(), await newEntry({ attempts: 1 })];
      await keep(fresh);
      await keep(seen);
      expect(await subject.store.refuseEntry(fresh, 'INSUFFICIENT_FUNDS')).toBe(true);
      expect(await subject.store.refuseEntry(fresh, 'INSUFFICIENT_FUNDS')).toBe(false);
      expect(await subject.store.refuseEntry(seen, 'INSUFFICIENT_FUNDS')).toBe(false);
      expect(await subject.store.findOutboxEntry(fresh.projectId, fresh)).toMatchObject({
        state: 'refused',
        refusal: 'INSUFFICIENT_FUNDS',
      });
    });
  });

  describe('nonces', () => {
    it('are lent to one holder until the lease runs out or is given back', async () => {
      const sender = `0x${randomBytes(20).toString('hex')}`;
      const [mine, theirs] = [leaseOf(sender), leaseOf(sender)];
      const { store } = subject;
      const raced = await Promise.all([
        store.takeNonceLease(mine, until(0)),
        store.takeNonceLease(theirs, until(0)),
      ]);
      expect(raced.filter(Boolean)).toHaveLength(1);
      const [holder, other] = raced[0] === true ? [mine, theirs] : [theirs, mine];
      expect(await store.takeNonceLease(other, until(999))).toBe(false);
      expect(await store.takeNonceLease(other, until(1000))).toBe(true);
      expect(await store.takeNonceLease(holder, until(1001))).toBe(false);
      await store.releaseNonceLease(holder);
      expect(await store.takeNonceLease(holder, until(1001))).toBe(false);
      await store.releaseNonceLease(other);
      expect(await store.takeNonceLease(holder, until(1001))).toBe(true);
      expect(await keep(await newEntry({ sender }), other)).toBe('lease-lost');
      expect(await keep(await newEntry({ sender }), holder)).toBe('kept');
    });

    it('are used by every entry but the refused', async () => {
      const { projectId, sender } = await newEntry();
      const states = ['stored', 'broadcast', 'final', 'refused', 'replaced'] as const;
      for (const [nonce, state] of states.entries()) await keep(entryOf(projectId, { sender, nonce, state }));
      await keep(entryOf(projectId, { sender, nonce: 9, network: 'base' }));
      const used = await subject.store.usedNonces({ network: NETWORK, sender }, 1);
      expect([...used].toSorted()).toEqual([1, 2, 4]);
    });
  });
}
