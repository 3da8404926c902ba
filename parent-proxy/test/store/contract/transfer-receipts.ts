import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PageCursor } from '../../../src/store/page.ts';
import { hexed, newAccount, randomAddress } from '../store-fixtures.ts';
import { NOW_MS, type Subject, storedProject } from './subject.ts';

const exportOf = (projectId: Uint8Array, storedAtMs = NOW_MS) => ({
  projectId,
  address: randomAddress(),
  receipt: randomBytes(400),
  storedAtMs,
});

export function describeTransferReceipts(subject: Subject): void {
  const project = async () => (await storedProject(subject.store)).rows.projectId;
  const listed = async (projectId: Uint8Array) =>
    (await subject.store.listTransferReceipts({ projectId, limit: 100, after: null })).rows;
  const shown = ({ projectId: _p, ...receipt }: ReturnType<typeof exportOf>) => ({
    transfer: 'export',
    ...receipt,
  });

  describe('transfer receipts', () => {
    it("are listed newest first, each in its project's list alone, and survive", async () => {
      const [mine, theirs] = [await project(), await project()];
      const [first, second, other] = [exportOf(mine), exportOf(mine, NOW_MS + 1), exportOf(theirs)];
      for (const one of [second, first, other])
        expect(await subject.store.addExportReceipt(one, null)).toBe('added');
      await subject.reopen();
      expect(hexed(await listed(mine))).toEqual(hexed([shown(second), shown(first)]));
      expect(hexed(await listed(theirs))).toEqual(hexed([shown(other)]));
    });

    it('are shown in pages that leave none out, of one millisecond too', async () => {
      const projectId = await project();
      const receipts = [0, 0, 0, 1, 2].map((afterMs) => exportOf(projectId, NOW_MS + afterMs));
      for (const one of receipts) await subject.store.addExportReceipt(one, null);
      const seen: string[] = [];
      const sizes: number[] = [];
      for (let after: PageCursor | null = null, isLast = false; !isLast; isLast = after === null) {
        const page = await subject.store.listTransferReceipts({ projectId, limit: 2, after });
        seen.push(...page.rows.map(({ address }) => address));
        sizes.push(page.rows.length);
        after = page.next;
      }
      expect(sizes).toEqual([2, 2, 1]);
      expect(seen.toSorted()).toEqual(receipts.map(({ address }) => address).toSorted());
    });

    it('that are the very same are kept once', async () => {
      const receipt = exportOf(await project());
      await subject.store.addExportReceipt(receipt, null);
      await subject.store.addExportReceipt({ ...receipt, storedAtMs: NOW_MS + 5 }, null);
      expect(hexed(await listed(receipt.projectId))).toEqual(hexed([shown(receipt)]));
    });

    it('finish the claim of their export, and are found by what it made; without the claim nothing is kept', async () => {
      const receipt = exportOf(await project());
      const { projectId } = receipt;
      const request = { projectId, method: 'POST', path: '/export', key: 'k', fingerprint: randomBytes(32) };
      const claimed = await subject.store.claimIdempotencyKey(request, NOW_MS);
      if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
      const lost = { ...claimed.claim, attempt: randomBytes(16) };
      expect(await subject.store.addExportReceipt(receipt, lost)).toBe('claim-lost');
      expect(await listed(projectId)).toEqual([]);
      expect(await subject.store.addExportReceipt(receipt, claimed.claim)).toBe('added');
      const repeated = await subject.store.claimIdempotencyKey(request, NOW_MS);
      const madeId = (repeated.kind === 'repeated' && repeated.done.madeId) || '';
      expect(hexed(await subject.store.findTransferReceipt(projectId, madeId))).toEqual(
        hexed(shown(receipt)),
      );
      expect(await subject.store.findTransferReceipt(await project(), madeId)).toBeNull();
    });

    it('of an import are there when the account is, and not when it is not', async () => {
      const projectId = await project();
      const account = newAccount(projectId, { name: 'taken', importReceipt: randomBytes(400) });
      const late = newAccount(projectId, { name: 'taken', importReceipt: randomBytes(400) });
      expect(await subject.store.addAccount(account, null)).toBe('added');
      expect(await subject.store.addAccount(late, null)).toBe('name-taken');
      const { address, importReceipt: receipt, createdAtMs: storedAtMs } = account;
      expect(hexed(await listed(projectId))).toEqual(
        hexed([{ transfer: 'import', address, receipt, storedAtMs }]),
      );
    });

    it('are of projects that there are', async () => {
      const nobodys = subject.store.addExportReceipt(exportOf(randomBytes(32)), null);
      await expect(nobodys).rejects.toThrow(expect.objectContaining({ code: 'STORE_REFERENCE_VIOLATION' }));
    });
  });
}
