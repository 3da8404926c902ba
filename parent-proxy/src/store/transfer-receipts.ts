import { hash } from 'node:crypto';
import type { Transaction } from 'kysely';
import { type Engine, prepareRead } from './engine.ts';
import { finishClaim } from './idempotency.ts';
import { type PageArguments, pageArguments, toPage } from './page.ts';
import type { PrimarySchema, TransferReceiptTable } from './schema.ts';
import type { StoredTransferReceipt, TransferReceiptStore } from './transfer-receipt-store.ts';

type Builder = Engine<PrimarySchema>['builder'];

const COLUMNS = [
  'receipt_id',
  'transfer',
  'address',
  'receipt',
  'stored_at_ms',
] as const satisfies readonly (keyof TransferReceiptTable)[];

export function transferReceiptVerbs(primary: Engine<PrimarySchema>): TransferReceiptStore {
  const byId = prepareRead(
    primary,
    'transfer-receipt-by-id',
    (db: Builder, key: { projectId: Uint8Array; receiptId: string }) =>
      db
        .selectFrom('transfer_receipt')
        .where('project_id', '=', key.projectId)
        .where('receipt_id', '=', key.receiptId)
        .select(COLUMNS),
  );
  return {
    addExportReceipt: (receipt, claim) =>
      primary.transaction(async (transaction) => {
        if (claim !== null && !(await finishClaim(transaction, claim, receiptIdOf(receipt.receipt))))
          return 'claim-lost';
        await insertTransferReceipt(transaction, receipt.projectId, { ...receipt, transfer: 'export' });
        return 'added';
      }),
    async findTransferReceipt(projectId, receiptId) {
      const [row] = await byId({ projectId, receiptId });
      return row === undefined ? null : toStored(row);
    },
    listTransferReceipts: preparePages(primary),
  };
}

/** Inside the transaction of what it is the receipt of. The enclave signs alike for one statement: the very same receipt is kept once. */
export async function insertTransferReceipt(
  transaction: Transaction<PrimarySchema>,
  projectId: Uint8Array,
  { transfer, address, receipt, storedAtMs }: StoredTransferReceipt,
): Promise<void> {
  await transaction
    .insertInto('transfer_receipt')
    .values({
      project_id: projectId,
      receipt_id: receiptIdOf(receipt),
      transfer,
      address,
      receipt,
      stored_at_ms: storedAtMs,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'receipt_id']).doNothing())
    .execute();
}

/** SHA-256 of the receipt, 64 hex digits. */
function receiptIdOf(receipt: Uint8Array): string {
  return hash('sha256', receipt, 'hex');
}

/** Pages by the key of the last row shown, so that receipts added meanwhile shift nothing. */
function preparePages(primary: Engine<PrimarySchema>): TransferReceiptStore['listTransferReceipts'] {
  type Arguments = PageArguments & { projectId: Uint8Array };
  const pages = prepareRead(primary, 'transfer-receipt-page', (db: Builder, page: Arguments) =>
    db
      .selectFrom('transfer_receipt')
      .where('project_id', '=', page.projectId)
      .where((eb) => eb(eb.refTuple('stored_at_ms', 'receipt_id'), '<', eb.tuple(page.createdAtMs, page.key)))
      .orderBy('stored_at_ms', 'desc')
      .orderBy('receipt_id', 'desc')
      .limit((eb) => eb.val(page.limit))
      .select(COLUMNS),
  );
  return async ({ projectId, ...page }) => {
    const rows = await pages({ projectId, ...pageArguments(page) });
    return toPage(rows, page.limit, {
      cursorOf: (row) => ({ createdAtMs: row.stored_at_ms, key: row.receipt_id }),
      show: toStored,
    });
  };
}

function toStored(row: Omit<TransferReceiptTable, 'project_id'>): StoredTransferReceipt {
  const { transfer, address, receipt, stored_at_ms: storedAtMs } = row;
  return { transfer, address, receipt, storedAtMs };
}
