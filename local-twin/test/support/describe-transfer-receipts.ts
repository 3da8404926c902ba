import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { exportAccountKey, importAccountKey } from '@strongroom/client/account-transfer';
import type { Owner } from '@strongroom/client/owner';
import { listTransferReceipts } from '@strongroom/client/transfer-receipts';
import { generatePrivateKey } from 'viem/accounts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { importKeyOf } from './import-key.ts';
import { createTestProject, type TestProject } from './project.ts';
import { connectSdk } from './sdk-client.ts';
import { sendSigned } from './signed-request.ts';
import type { TestSystem } from './test-system.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const scopes = ['read', 'sign', 'accounts#export'];
const HEADER = 'strongroom-transfer-receipt';

/** What is left of transfers with a running system, and what a parent that cheats with it gets past. */
export function describeTransferReceipts(running: () => TestSystem): void {
  let system: TestSystem;
  let project: TestProject;
  let other: TestProject;

  const ownerOf = ({ projectId, apiKeyId, apiKeySecret, walletKey }: TestProject): Owner => ({
    baseUrl: system.baseUrl,
    pins: { images: [system.measurements], customRoot: system.rootCertificate },
    projectId,
    credentials: { apiKeyId, apiKeySecret },
    walletSecret: walletKey,
  });
  const receiptsOf = (of: TestProject) => listTransferReceipts(ownerOf(of));
  const shown = async (of: TestProject) =>
    (await receiptsOf(of)).map(({ transfer, address }) => `${transfer} ${address}`);

  describe('transfer receipts', () => {
    beforeAll(async () => {
      system = running();
      project = await createTestProject(system, { scopes });
      other = await createTestProject(system, { scopes });
    });

    it('are listed to their project: one of each import and export, none of what was refused or repeated', async () => {
      const cdp = connectSdk(project);
      const options = {
        privateKey: generatePrivateKey(),
        encryptionPublicKey: await importKeyOf(project),
      };
      const { address } = await cdp.evm.importAccount({ ...options, idempotencyKey: 'once' });
      await cdp.evm.importAccount({ ...options, idempotencyKey: 'once' });
      await expect(cdp.evm.importAccount(options)).rejects.toThrow();
      const made = await cdp.solana.createAccount();
      await cdp.solana.exportAccount({ address: made.address });
      await cdp.evm.exportAccount({ address });
      const theirs = await connectSdk(other).evm.createAccount();
      await connectSdk(other).evm.exportAccount({ address: theirs.address });
      expect(await shown(project)).toEqual([
        `export ${address}`,
        `export ${made.address}`,
        `import ${address}`,
      ]);
      expect(await shown(other)).toEqual([`export ${theirs.address}`]);
    });

    it('that the parent alters, swaps with another project or shows twice are found; one that it withholds is not', async () => {
      using database = openDatabase();
      const before = await receiptsOf(project);
      const [newest, , oldest] = before.map(({ signed }) => signed) as Uint8Array[];
      const [foreign] = await receiptsOf(other);
      const altered = Buffer.from(oldest ?? []);
      altered.write('export', altered.indexOf('import'));
      for (const [shownInstead, expected] of [
        [altered, 'STATEMENT_SIGNATURE_INVALID'],
        [foreign?.signed, 'STATEMENT_PROJECT'],
        [newest, 'SERVICE_ANSWER_INVALID'],
        [Buffer.alloc(300), 'COSE_NOT_ARRAY'],
      ] as const) {
        database.replace(oldest, shownInstead);
        await expect(receiptsOf(project), expected).rejects.toThrow(code(expected));
        database.replace(oldest, oldest);
      }
      database.withhold(oldest);
      expect(await receiptsOf(project)).toEqual(before.slice(0, -1));
    });
  });

  describe('an owner who exports or imports', () => {
    afterEach(() => void vi.restoreAllMocks());

    it.each<[string, string, (own: string) => string | null]>([
      ['is missing', 'RECEIPT_MISSING', () => null],
      ['is altered', 'RECEIPT_INVALID', (own) => `${own.slice(0, -8)}AAAAAA==`],
      ['is no receipt', 'RECEIPT_INVALID', () => '%'],
    ])('has the key all the same when the receipt %s, and is told', async (_name, expected, change) => {
      const { address } = await connectSdk(project).evm.createAccount();
      answerWithReceipt(change);
      const kept: Uint8Array[] = [];
      const exported = exportAccountKey(ownerOf(project), address, (key) => void kept.push(key));
      await expect(exported).rejects.toThrow(code(expected));
      expect(kept.map(({ length }) => length)).toEqual([32]);
      const imported = importAccountKey(ownerOf(other), { family: 'evm', key: kept[0] as Uint8Array });
      await expect(imported).rejects.toThrow(code(expected));
      const { status } = await sendSigned(other, 'GET', `/v2/evm/accounts/${address}`);
      expect(status).toBe(200);
    });

    it('takes no receipt of another transfer for his own', async () => {
      const { address } = await connectSdk(project).evm.createAccount();
      const exported = () => exportAccountKey(ownerOf(project), address, () => undefined);
      const first = Buffer.from(await exported()).toString('base64');
      answerWithReceipt(() => first);
      // Of the same account, but encrypted to another key.
      await expect(exported()).rejects.toThrow(code('RECEIPT_INVALID'));
      const imported = importAccountKey(ownerOf(project), { family: 'evm', key: randomBytes(32) });
      await expect(imported).rejects.toThrow(code('RECEIPT_INVALID'));
      vi.restoreAllMocks();
      const { receipt } = await importAccountKey(ownerOf(other), { family: 'evm', key: randomBytes(32) });
      expect((await receiptsOf(other))[0]?.signed).toEqual(Buffer.from(receipt));
    });
  });

  /** The parent in between: it changes the receipt on its way. */
  function answerWithReceipt(change: (own: string) => string | null): void {
    const { fetch } = globalThis;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (...request) => {
      const answer = await fetch(...request);
      const own = answer.headers.get(HEADER);
      if (own === null) return answer;
      const headers = new Headers(answer.headers);
      const changed = change(own);
      if (changed === null) headers.delete(HEADER);
      else headers.set(HEADER, changed);
      return new Response(answer.body, { status: answer.status, headers });
    });
  }

  /** The parent with its own database. */
  function openDatabase() {
    const database = new DatabaseSync(join(system.home, 'data', 'primary.sqlite'));
    const idOf = database.prepare('select receipt_id from transfer_receipt where receipt = ?');
    const write = database.prepare('update transfer_receipt set receipt = ? where receipt_id = ?');
    const remove = database.prepare('delete from transfer_receipt where receipt_id = ?');
    const ids = new Map<Uint8Array | undefined, string>();
    const id = (of: Uint8Array | undefined) => {
      const known = ids.get(of) ?? String(idOf.get(of ?? null)?.['receipt_id']);
      ids.set(of, known);
      return known;
    };
    return {
      replace: (of: Uint8Array | undefined, by: Uint8Array | undefined) => {
        expect(write.run(by ?? null, id(of)).changes).toBe(1);
      },
      withhold: (of: Uint8Array | undefined) => expect(remove.run(id(of)).changes).toBe(1),
      [Symbol.dispose]: () => database.close(),
    };
  }
}
