import type { IdempotencyClaim } from './idempotency-store.ts';
import type { Page, PageRequest } from './page.ts';

/** A receipt of the enclave's as it is kept: never changed, never removed. */
export interface StoredTransferReceipt {
  readonly transfer: 'export' | 'import';
  /** Of the account, as the enclave writes it. */
  readonly address: string;
  /** COSE_Sign1. */
  readonly receipt: Uint8Array;
  readonly storedAtMs: number;
}

interface ExportReceipt extends Omit<StoredTransferReceipt, 'transfer'> {
  readonly projectId: Uint8Array;
}

export interface TransferReceiptStore {
  /** Makes the receipt of an export durable, with its claim, in one transaction. No key may leave before. */
  addExportReceipt(receipt: ExportReceipt, claim: IdempotencyClaim | null): Promise<'added' | 'claim-lost'>;
  /** @param receiptId what an idempotent export was noted to have made */
  findTransferReceipt(projectId: Uint8Array, receiptId: string): Promise<StoredTransferReceipt | null>;
  /** Those of one project, newest first. */
  listTransferReceipts(page: PageRequest): Promise<Page<StoredTransferReceipt>>;
}
