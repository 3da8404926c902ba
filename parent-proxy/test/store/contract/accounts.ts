import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Page } from '../../../src/store/page.ts';
import type { StoredAccount } from '../../../src/store/store.ts';
import { hexed, newAccount, nextVersion, shownOf } from '../store-fixtures.ts';
import { DAY_MS, NOW_MS, type Subject, storedProject } from './subject.ts';

export function describeAccounts(subject: Subject): void {
  describe('accounts', () => {
    it('finds an account by address of any case and by name, with its key', async () => {
      const { rows } = await storedProject(subject.store);
      const account = newAccount(rows.projectId, { name: 'my-wallet' });
      expect(await subject.store.addAccount(account, null)).toBe('added');
      const { projectId, family, address } = account;
      for (const spelling of [address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`]) {
        expect(hexed(await subject.store.findAccount({ projectId, family, address: spelling }))).toEqual(
          hexed(shownOf(account)),
        );
        const signing = { account: account.record, walletKey: account.walletKey };
        const expected = { project: rows, address, rows: signing, policies: [] };
        expect(hexed(await subject.store.findSigningRows({ projectId, family, address: spelling }))).toEqual(
          hexed(expected),
        );
      }
      expect(hexed(await subject.store.findAccountByName({ projectId, family, name: 'my-wallet' }))).toEqual(
        hexed(shownOf(account)),
      );
    });

    it('takes a Solana address as it is', async () => {
      const { rows } = await storedProject(subject.store);
      const account = newAccount(rows.projectId, { family: 'solana', address: 'AbCdEfGh1234' });
      await subject.store.addAccount(account, null);
      const key = { projectId: rows.projectId, family: 'solana' } as const;
      expect(await subject.store.findAccount({ ...key, address: 'AbCdEfGh1234' })).not.toBeNull();
      expect(await subject.store.findAccount({ ...key, address: 'abcdefgh1234' })).toBeNull();
    });

    it('shows no account to another project or family', async () => {
      const { rows } = await storedProject(subject.store);
      const other = await storedProject(subject.store);
      const account = newAccount(rows.projectId, { name: 'hidden' });
      await subject.store.addAccount(account, null);
      const { address } = account;
      const otherProject = { projectId: other.rows.projectId, family: 'evm' } as const;
      const otherFamily = { projectId: rows.projectId, family: 'solana' } as const;
      for (const key of [otherProject, otherFamily]) {
        expect(await subject.store.findAccount({ ...key, address })).toBeNull();
        expect(await subject.store.findSigningRows({ ...key, address })).toBeNull();
        expect(await subject.store.findAccountByName({ ...key, name: 'hidden' })).toBeNull();
        expect((await subject.store.listAccounts({ ...key, limit: 10, after: null })).rows).toEqual([]);
      }
    });

    it('gives a name once per project and family, under concurrency', async () => {
      const { rows } = await storedProject(subject.store);
      const other = await storedProject(subject.store);
      const accounts = Array.from({ length: 8 }, () => newAccount(rows.projectId, { name: 'one' }));
      const outcomes = await Promise.all(accounts.map((account) => subject.store.addAccount(account, null)));
      expect(outcomes.toSorted()).toEqual(['added', ...Array.from({ length: 7 }, () => 'name-taken')]);
      expect(
        await subject.store.addAccount(newAccount(rows.projectId, { family: 'solana', name: 'one' }), null),
      ).toBe('added');
      expect(await subject.store.addAccount(newAccount(other.rows.projectId, { name: 'one' }), null)).toBe(
        'added',
      );
    });

    it('refuses an address twice', async () => {
      const { rows } = await storedProject(subject.store);
      const account = newAccount(rows.projectId);
      await subject.store.addAccount(account, null);
      const again = newAccount(rows.projectId, { address: account.address.toLowerCase() });
      expect(await subject.store.addAccount(again, null)).toBe('address-taken');
    });

    it('lets many accounts go without a name', async () => {
      const { rows } = await storedProject(subject.store);
      for (let i = 0; i < 3; i += 1)
        expect(await subject.store.addAccount(newAccount(rows.projectId), null)).toBe('added');
    });

    it('replaces version v by v+1 and nothing else', async () => {
      const { rows } = await storedProject(subject.store);
      const account = newAccount(rows.projectId, { name: 'before' });
      await subject.store.addAccount(account, null);
      const next = nextVersion(account, { name: 'after' });
      const rivals = await Promise.all([
        subject.store.replaceAccount(next, null),
        subject.store.replaceAccount(next, null),
      ]);
      expect(rivals.toSorted()).toEqual(['replaced', 'version-conflict']);
      const skipping = nextVersion(account, { record: { version: 4, sealed: randomBytes(9) } });
      expect(await subject.store.replaceAccount(skipping, null)).toBe('version-conflict');
      const absent = nextVersion(newAccount(rows.projectId));
      expect(await subject.store.replaceAccount(absent, null)).toBe('version-conflict');
      const { projectId, family, address } = account;
      const { name, policyId, updatedAtMs, certificate, record } = next;
      const expected = { ...shownOf(account), name, policyId, updatedAtMs, certificate, record };
      expect(hexed(await subject.store.findAccount({ projectId, family, address }))).toEqual(hexed(expected));
      expect(await subject.store.findAccountByName({ projectId, family, name: 'before' })).toBeNull();
    });

    it('refuses a name that another account has, and replaces nothing', async () => {
      const { rows } = await storedProject(subject.store);
      const account = newAccount(rows.projectId, { name: 'mine' });
      await subject.store.addAccount(account, null);
      await subject.store.addAccount(newAccount(rows.projectId, { name: 'theirs' }), null);
      expect(await subject.store.replaceAccount(nextVersion(account, { name: 'theirs' }), null)).toBe(
        'name-taken',
      );
      const { projectId, family, address } = account;
      expect((await subject.store.findAccount({ projectId, family, address }))?.record.version).toBe(1);
    });
  });

  describe('pages', () => {
    it('shows each account once, newest first, whatever is added meanwhile', async () => {
      const { rows } = await storedProject(subject.store);
      const { projectId } = rows;
      const added = Array.from({ length: 23 }, (_, i) =>
        newAccount(projectId, { createdAtMs: NOW_MS + Math.floor(i / 5) }),
      );
      for (const account of added) await subject.store.addAccount(account, null);
      const seen: string[] = [];
      let after: Page<StoredAccount>['next'] = null;
      do {
        const page: Page<StoredAccount> = await subject.store.listAccounts({
          projectId,
          family: 'evm',
          limit: 5,
          after,
        });
        expect(page.rows.length).toBeLessThanOrEqual(5);
        seen.push(...page.rows.map(({ address }) => address));
        after = page.next;
        await subject.store.addAccount(
          newAccount(projectId, { createdAtMs: NOW_MS + 1000 + seen.length }),
          null,
        );
      } while (after !== null);
      expect(seen.toSorted()).toEqual(added.map(({ address }) => address).toSorted());
      const newest = await subject.store.listAccounts({ projectId, family: 'evm', limit: 1, after: null });
      expect(newest.rows[0]?.createdAtMs).toBeGreaterThan(NOW_MS + 1000);
    });

    it('ends exactly at the end', async () => {
      const { rows } = await storedProject(subject.store);
      for (let i = 0; i < 4; i += 1) await subject.store.addAccount(newAccount(rows.projectId), null);
      const page = await subject.store.listAccounts({
        projectId: rows.projectId,
        family: 'evm',
        limit: 4,
        after: null,
      });
      expect(page.rows).toHaveLength(4);
      expect(page.next).toBeNull();
    });
  });

  describe('keys without an account', () => {
    it('are removed after a week, and no key of an account is', async () => {
      const { projectId } = (await storedProject(subject.store)).rows;
      const account = newAccount(projectId);
      await subject.store.addAccount(account, null);
      expect(await subject.store.removeOrphanedWalletKeys(NOW_MS + 365 * DAY_MS)).toEqual({
        removed: 0,
        isSuspicious: false,
      });
      expect(await subject.store.findSigningRows(account)).not.toBeNull();
    });
  });
}
