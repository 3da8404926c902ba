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

    const signed = (account: SmartAccount, changes: Partial<StoredUserOperation> = {}) => ({
      operation: { ...operationOf(account), status: 'signed' as const, ...changes },
      tokenId: randomBytes(16),
      claim: null,
      permission: null,
    });

    it('that are signed are kept once per token, over what was only prepared, and found while they are open', async () => {
      const account = await added();
      const { store } = subject;
      const first = signed(account);
      await store.addUserOperation({ ...first.operation, status: 'pending', operation: '{}' });
      expect(await store.keepUserOperation(first)).toBe('kept');
      expect(await store.keepUserOperation({ ...first, tokenId: randomBytes(16) })).toBe('in-flight');
      expect(await store.keepUserOperation({ ...signed(account), tokenId: first.tokenId })).toBe(
        'token-used',
      );
      const second = signed(account, { createdAtMs: NOW_MS + 1 });
      expect(await store.keepUserOperation(second)).toBe('kept');
      const open = await store.findOpenUserOperations({ ...account, network: first.operation.network }, 9);
      expect(open.map(({ userOpHash }) => userOpHash)).toEqual([
        second.operation.userOpHash,
        first.operation.userOpHash,
      ]);
      const found = await store.findUserOperationByHash(account.projectId, first.operation.userOpHash);
      expect(found).toMatchObject({ status: 'signed', operation: first.operation.operation });
      await store.moveUserOperation(first.operation, ['signed'], { status: 'broadcast' });
      const made = { fromMs: NOW_MS, toMs: NOW_MS + 1 };
      const unsent = (await store.findUnsentUserOperations(made, 1000)).map(({ userOpHash }) => userOpHash);
      expect(unsent).toContain(second.operation.userOpHash);
      expect(unsent).not.toContain(first.operation.userOpHash);
    });

    it('that nobody signed are removed after their time', async () => {
      const account = await added();
      const { store } = subject;
      const old = { ...operationOf(account), createdAtMs: 5 };
      const kept = { ...operationOf(account), createdAtMs: 5, status: 'signed' as const };
      const young = { ...operationOf(account), createdAtMs: 6 };
      for (const operation of [old, kept, young]) await store.addUserOperation(operation);
      expect(await store.removePreparedUserOperations(6)).toBe(1);
      expect(await store.removePreparedUserOperations(6)).toBe(0);
      expect(await store.findUserOperation(old)).toBeNull();
      for (const operation of [kept, young]) expect(await store.findUserOperation(operation)).not.toBeNull();
    });

    it('list the permissions that they approved, and what was revoked', async () => {
      const account = await added();
      const { store } = subject;
      const { projectId, address } = account;
      const list = async () =>
        (await store.listSpendPermissions({ projectId, address, limit: 9, after: null })).rows;
      const hash = `0x${randomBytes(32).toString('hex')}`;
      const permission = { account: address, allowance: '5' } as never;
      const approval = { ...signed(account), permission: { kind: 'approve', hash, permission } as const };
      await store.keepUserOperation(approval);
      expect(await list()).toEqual([]);
      const open = await store.findOpenPermissionOperations(account, 9);
      expect(open.map(({ userOpHash }) => userOpHash)).toEqual([approval.operation.userOpHash]);
      await store.moveUserOperation(approval.operation, ['signed'], { status: 'complete' });
      const { network } = approval.operation;
      expect(await list()).toEqual([{ hash, network, permission, createdAtMs: NOW_MS, revokedAtMs: null }]);
      expect(await store.findSpendPermission({ ...account, network, hash })).toEqual(permission);
      expect(await store.findSpendPermission({ ...account, network: 'base-sepolia', hash })).toBeNull();
      const revocation = {
        ...signed(account, { createdAtMs: NOW_MS + 5 }),
        permission: { kind: 'revoke', hash } as const,
      };
      await store.keepUserOperation(revocation);
      expect((await list())[0]?.revokedAtMs).toBeNull();
      await store.moveUserOperation(revocation.operation, ['signed'], { status: 'complete' });
      expect((await list())[0]?.revokedAtMs).toBe(NOW_MS + 5);
      expect(await store.findOpenPermissionOperations(account, 9)).toEqual([]);
    });
  });
}
