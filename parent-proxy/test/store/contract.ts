import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountPage, IdempotencyClaim, IdempotencyOutcome, Store } from '../../src/store/store.ts';
import { hexed, newAccount, newProject, nextVersion, randomAddress, shownOf } from './store-fixtures.ts';

const NOW_MS = 1_767_225_600_000;
const DAY_MS = 86_400_000;

/** What every engine has to do; `open` opens a fresh store, `reopen` the same one after its process ended. */
export interface StoreUnderTest {
  open(): Promise<Store>;
  reopen(store: Store): Promise<Store>;
}

export function describeStoreContract(engine: string, underTest: StoreUnderTest): void {
  let store: Store;

  beforeAll(async () => {
    store = await underTest.open();
  });
  afterAll(async () => {
    await store.close();
  });

  async function storedProject() {
    const project = newProject();
    expect(await store.addProject(project)).toBe('added');
    return project;
  }

  describe(`${engine}: root record`, () => {
    it('keeps the first of two and survives', async () => {
      expect(await store.readRootRecord()).toBeNull();
      await Promise.all([
        store.insertRootRecordIfAbsent(Uint8Array.of(1)),
        store.insertRootRecordIfAbsent(Uint8Array.of(2)),
      ]);
      const kept = hexed(await store.readRootRecord());
      expect(['01', '02']).toContain(kept);
      await store.insertRootRecordIfAbsent(Uint8Array.of(3));
      store = await underTest.reopen(store);
      expect(hexed(await store.readRootRecord())).toBe(kept);
    });
  });

  describe(`${engine}: projects`, () => {
    it('finds a project by each of its API keys', async () => {
      const project = newProject(['key-one', 'organizations/o/apiKeys/two']);
      await store.addProject(project);
      for (const { id, ...apiKey } of project.view.apiKeys) {
        const principal = { apiKeyId: id, ...apiKey, project: project.rows };
        expect(hexed(await store.findPrincipal(id))).toEqual(hexed(principal));
      }
      expect(await store.findPrincipal('key-three')).toBeNull();
    });

    it('gives an API key id to one project only and leaves nothing of the other', async () => {
      const first = newProject(['shared-key']);
      const second = newProject(['own-key', 'shared-key']);
      expect(await store.addProject(first)).toBe('added');
      expect(await store.addProject(second)).toBe('api-key-taken');
      expect(await store.findPrincipal('own-key')).toBeNull();
      expect(hexed((await store.findPrincipal('shared-key'))?.project)).toEqual(hexed(first.rows));
    });

    it('refuses a project id twice', async () => {
      const project = await storedProject();
      expect(await store.addProject({ ...newProject(), rows: project.rows })).toBe('project-taken');
    });
  });

  describe(`${engine}: accounts`, () => {
    it('finds an account by address of any case and by name, with its key', async () => {
      const { rows } = await storedProject();
      const account = newAccount(rows.projectId, { name: 'my-wallet' });
      expect(await store.addAccount(account, null)).toBe('added');
      const { projectId, family, address } = account;
      for (const spelling of [address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`]) {
        expect(hexed(await store.findAccount({ projectId, family, address: spelling }))).toEqual(
          hexed(shownOf(account)),
        );
        const expected = { account: account.record, walletKey: account.walletKey };
        expect(hexed(await store.findSigningRows({ projectId, family, address: spelling }))).toEqual(
          hexed(expected),
        );
      }
      expect(hexed(await store.findAccountByName({ projectId, family, name: 'my-wallet' }))).toEqual(
        hexed(shownOf(account)),
      );
    });

    it('takes a Solana address as it is', async () => {
      const { rows } = await storedProject();
      const account = newAccount(rows.projectId, { family: 'solana', address: 'AbCdEfGh1234' });
      await store.addAccount(account, null);
      const key = { projectId: rows.projectId, family: 'solana' } as const;
      expect(await store.findAccount({ ...key, address: 'AbCdEfGh1234' })).not.toBeNull();
      expect(await store.findAccount({ ...key, address: 'abcdefgh1234' })).toBeNull();
    });

    it('shows no account to another project or family', async () => {
      const { rows } = await storedProject();
      const other = await storedProject();
      const account = newAccount(rows.projectId, { name: 'hidden' });
      await store.addAccount(account, null);
      const { address } = account;
      const otherProject = { projectId: other.rows.projectId, family: 'evm' } as const;
      const otherFamily = { projectId: rows.projectId, family: 'solana' } as const;
      for (const key of [otherProject, otherFamily]) {
        expect(await store.findAccount({ ...key, address })).toBeNull();
        expect(await store.findSigningRows({ ...key, address })).toBeNull();
        expect(await store.findAccountByName({ ...key, name: 'hidden' })).toBeNull();
        expect((await store.listAccounts({ ...key, limit: 10, after: null })).accounts).toEqual([]);
      }
    });

    it('gives a name once per project and family, under concurrency', async () => {
      const { rows } = await storedProject();
      const other = await storedProject();
      const accounts = Array.from({ length: 8 }, () => newAccount(rows.projectId, { name: 'one' }));
      const outcomes = await Promise.all(accounts.map((account) => store.addAccount(account, null)));
      expect(outcomes.toSorted()).toEqual(['added', ...Array.from({ length: 7 }, () => 'name-taken')]);
      expect(
        await store.addAccount(newAccount(rows.projectId, { family: 'solana', name: 'one' }), null),
      ).toBe('added');
      expect(await store.addAccount(newAccount(other.rows.projectId, { name: 'one' }), null)).toBe('added');
    });

    it('refuses an address twice', async () => {
      const { rows } = await storedProject();
      const account = newAccount(rows.projectId);
      await store.addAccount(account, null);
      const again = newAccount(rows.projectId, { address: account.address.toLowerCase() });
      expect(await store.addAccount(again, null)).toBe('address-taken');
    });

    it('lets many accounts go without a name', async () => {
      const { rows } = await storedProject();
      for (let i = 0; i < 3; i += 1)
        expect(await store.addAccount(newAccount(rows.projectId), null)).toBe('added');
    });

    it('replaces version v by v+1 and nothing else', async () => {
      const { rows } = await storedProject();
      const account = newAccount(rows.projectId, { name: 'before' });
      await store.addAccount(account, null);
      const next = nextVersion(account, { name: 'after', policyId: '123e4567-e89b-12d3-a456-426614174000' });
      const rivals = await Promise.all([store.replaceAccount(next, null), store.replaceAccount(next, null)]);
      expect(rivals.toSorted()).toEqual(['replaced', 'version-conflict']);
      const skipping = nextVersion(account, { record: { version: 4, sealed: randomBytes(9) } });
      expect(await store.replaceAccount(skipping, null)).toBe('version-conflict');
      const absent = nextVersion(newAccount(rows.projectId));
      expect(await store.replaceAccount(absent, null)).toBe('version-conflict');
      const { projectId, family, address } = account;
      const { name, policyId, updatedAtMs, certificate, record } = next;
      const expected = { ...shownOf(account), name, policyId, updatedAtMs, certificate, record };
      expect(hexed(await store.findAccount({ projectId, family, address }))).toEqual(hexed(expected));
      expect(await store.findAccountByName({ projectId, family, name: 'before' })).toBeNull();
    });

    it('refuses a name that another account has, and replaces nothing', async () => {
      const { rows } = await storedProject();
      const account = newAccount(rows.projectId, { name: 'mine' });
      await store.addAccount(account, null);
      await store.addAccount(newAccount(rows.projectId, { name: 'theirs' }), null);
      expect(await store.replaceAccount(nextVersion(account, { name: 'theirs' }), null)).toBe('name-taken');
      const { projectId, family, address } = account;
      expect((await store.findAccount({ projectId, family, address }))?.record.version).toBe(1);
    });
  });

  describe(`${engine}: pages`, () => {
    it('shows each account once, newest first, whatever is added meanwhile', async () => {
      const { rows } = await storedProject();
      const { projectId } = rows;
      const added = Array.from({ length: 23 }, (_, i) =>
        newAccount(projectId, { createdAtMs: NOW_MS + Math.floor(i / 5) }),
      );
      for (const account of added) await store.addAccount(account, null);
      const seen: string[] = [];
      let after: AccountPage['next'] = null;
      do {
        const page: AccountPage = await store.listAccounts({ projectId, family: 'evm', limit: 5, after });
        expect(page.accounts.length).toBeLessThanOrEqual(5);
        seen.push(...page.accounts.map(({ address }) => address));
        after = page.next;
        await store.addAccount(newAccount(projectId, { createdAtMs: NOW_MS + 1000 + seen.length }), null);
      } while (after !== null);
      expect(seen.toSorted()).toEqual(added.map(({ address }) => address).toSorted());
      const newest = await store.listAccounts({ projectId, family: 'evm', limit: 1, after: null });
      expect(newest.accounts[0]?.createdAtMs).toBeGreaterThan(NOW_MS + 1000);
    });

    it('ends exactly at the end', async () => {
      const { rows } = await storedProject();
      for (let i = 0; i < 4; i += 1) await store.addAccount(newAccount(rows.projectId), null);
      const page = await store.listAccounts({
        projectId: rows.projectId,
        family: 'evm',
        limit: 4,
        after: null,
      });
      expect(page.accounts).toHaveLength(4);
      expect(page.next).toBeNull();
    });
  });

  describe(`${engine}: idempotency`, () => {
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
      const { projectId } = (await storedProject()).rows;
      const attempts = Array.from({ length: 6 }, () =>
        store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS),
      );
      const kinds = (await Promise.all(attempts)).map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual(['claimed', ...Array.from({ length: 5 }, () => 'in-progress')]);
    });

    it('remembers what a create made, and refuses another payload', async () => {
      const { projectId } = (await storedProject()).rows;
      const claim = claimOf(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      const account = newAccount(projectId, { address: randomAddress() });
      expect(await store.addAccount(account, claim)).toBe('added');
      store = await underTest.reopen(store);
      expect(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + 1)).toEqual({
        kind: 'repeated',
        addressKey: account.address.toLowerCase(),
      });
      const other = { ...request(projectId, 'a'), fingerprint: randomBytes(32) };
      expect(await store.claimIdempotencyKey(other, NOW_MS + 1)).toEqual({ kind: 'mismatch' });
    });

    it('keeps keys of other projects, methods and paths apart', async () => {
      const { projectId } = (await storedProject()).rows;
      const other = (await storedProject()).rows.projectId;
      const base = request(projectId, 'a');
      const scopes = [
        base,
        { ...base, projectId: other },
        { ...base, method: 'PUT' },
        { ...base, path: '/v2/x' },
      ];
      for (const scope of scopes)
        expect((await store.claimIdempotencyKey(scope, NOW_MS)).kind).toBe('claimed');
    });

    it('is free again after a refused request, and after a day', async () => {
      const { projectId } = (await storedProject()).rows;
      await store.abandonIdempotentRequest(
        claimOf(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS)),
      );
      const claim = claimOf(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      await store.finishIdempotentRequest(claim);
      await store.abandonIdempotentRequest(claim);
      expect(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + DAY_MS - 1)).toEqual({
        kind: 'repeated',
        addressKey: null,
      });
      expect((await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + DAY_MS)).kind).toBe(
        'claimed',
      );
    });

    it('hands the key of a dead attempt on, and the dead attempt can add nothing', async () => {
      const { projectId } = (await storedProject()).rows;
      const dead = claimOf(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      expect((await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + 60_000)).kind).toBe(
        'in-progress',
      );
      const live = claimOf(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS + 120_000));
      const late = newAccount(projectId);
      expect(await store.addAccount(late, dead)).toBe('claim-lost');
      expect(await store.findAccount(late)).toBeNull();
      expect(await store.addAccount(newAccount(projectId), live)).toBe('added');
    });

    it('claims nothing for an update that was refused', async () => {
      const { projectId } = (await storedProject()).rows;
      const account = newAccount(projectId);
      await store.addAccount(account, null);
      const stale = { ...nextVersion(account), record: { version: 9, sealed: randomBytes(9) } };
      const first = claimOf(await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS));
      expect(await store.replaceAccount(stale, first)).toBe('version-conflict');
      expect(await store.replaceAccount(nextVersion(account), first)).toBe('replaced');
    });

    it('forgets expired keys', async () => {
      const { projectId } = (await storedProject()).rows;
      await store.claimIdempotencyKey(request(projectId, 'a'), NOW_MS - 30 * DAY_MS);
      expect(await store.removeExpiredIdempotencyKeys(NOW_MS - 29 * DAY_MS)).toBe(1);
      expect(await store.removeExpiredIdempotencyKeys(NOW_MS - 29 * DAY_MS)).toBe(0);
    });
  });

  describe(`${engine}: keys without an account`, () => {
    it('are removed after a week, and no key of an account is', async () => {
      const { projectId } = (await storedProject()).rows;
      const account = newAccount(projectId);
      await store.addAccount(account, null);
      expect(await store.removeOrphanedWalletKeys(NOW_MS + 365 * DAY_MS)).toEqual({
        removed: 0,
        isSuspicious: false,
      });
      expect(await store.findSigningRows(account)).not.toBeNull();
    });
  });
}
