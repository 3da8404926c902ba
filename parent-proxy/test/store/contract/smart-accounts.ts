import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SmartAccount, StoredUserOperation } from '../../../src/store/smart-account-store.ts';
import { hexed, randomAddress } from '../store-fixtures.ts';
import { NOW_MS, type Subject, storedProject } from './subject.ts';

const accountOf = (projectId: Uint8Array, changes: Partial<SmartAccount> = {}): SmartAccount => ({
  projectId,
  address: randomAddress(),
  owners: [randomAddress()],
  name: null,
  createdAtMs: NOW_MS,
  updatedAtMs: NOW_MS,
  ...changes,
});

const operationOf = ({ projectId, address }: SmartAccount): StoredUserOperation => ({
  projectId,
  address,
  userOpHash: `0x${randomBytes(32).toString('hex')}`,
  network: 'base',
  operation: '{}',
  calls: '[]',
  status: 'pending',
  receipt: null,
  createdAtMs: NOW_MS,
});

export function describeSmartAccounts(subject: Subject): void {
  async function added(changes: Partial<SmartAccount> = {}): Promise<SmartAccount> {
    const account = accountOf((await storedProject(subject.store)).rows.projectId, changes);
    expect(await subject.store.addSmartAccount(account, null)).toBe('added');
    return account;
  }

  describe('smart accounts', () => {
    it('are found by address in any case and by name, by their project alone', async () => {
      const account = await added({ name: 'one' });
      const { store } = subject;
      const upper = { ...account, address: account.address.toUpperCase().replace('0X', '0x') };
      expect(hexed(await store.findSmartAccount(upper))).toEqual(hexed(account));
      expect(hexed(await store.findSmartAccountByName(account.projectId, 'one'))).toEqual(hexed(account));
      expect(await store.findSmartAccountByName(randomBytes(32), 'one')).toBeNull();
    });

    it('have an address and a name once in a project', async () => {
      const account = await added({ name: 'one' });
      const { store } = subject;
      expect(await store.addSmartAccount({ ...account, name: 'two' }, null)).toBe('address-taken');
      expect(await store.addSmartAccount(accountOf(account.projectId, { name: 'one' }), null)).toBe(
        'name-taken',
      );
      const other = accountOf(account.projectId);
      await store.addSmartAccount(other, null);
      expect(await store.renameSmartAccount(other, 'one', NOW_MS)).toBe('name-taken');
      expect(await store.renameSmartAccount(other, 'two', NOW_MS + 1)).toBe('renamed');
      expect(await store.renameSmartAccount(accountOf(account.projectId), 'x', NOW_MS)).toBe('not-found');
      expect(await store.findSmartAccount(other)).toMatchObject({ name: 'two', updatedAtMs: NOW_MS + 1 });
    });

    it('are listed newest first, page by page', async () => {
      const { projectId } = await added();
      for (let i = 1; i < 5; i += 1) {
        await subject.store.addSmartAccount(accountOf(projectId, { createdAtMs: NOW_MS + i }), null);
      }
      const times: number[] = [];
      for (let after = null, isDone = false; !isDone; ) {
        const page = await subject.store.listSmartAccounts({ projectId, limit: 2, after });
        times.push(...page.rows.map(({ createdAtMs }) => createdAtMs - NOW_MS));
        ({ next: after } = page as never);
        isDone = page.next === null;
      }
      expect(times).toEqual([4, 3, 2, 1, 0]);
    });
  });

  describe('user operations', () => {
    it('move on only from where they are', async () => {
      const operation = operationOf(await added());
      const { store } = subject;
      await store.addUserOperation(operation);
      await store.addUserOperation({ ...operation, status: 'complete' });
      expect(hexed(await store.findUserOperation(operation))).toEqual(
        hexed({ ...operation, address: operation.address.toLowerCase() }),
      );
      expect(await store.moveUserOperation(operation, ['signed'], { status: 'broadcast' })).toBe(false);
      const signed = { status: 'signed', operation: '{"signature":"0x"}' } as const;
      expect(await store.moveUserOperation(operation, ['pending'], signed)).toBe(true);
      expect(await store.moveUserOperation(operation, ['pending'], signed)).toBe(false);
      expect(await store.findUserOperation(operation)).toMatchObject(signed);
      expect(await store.findUserOperation({ ...operation, address: randomAddress() })).toBeNull();
    });
  });
}
