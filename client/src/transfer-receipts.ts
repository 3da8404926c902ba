// TRUST BOUNDARY: receipts of exported and imported keys, from the service.
import { AttestationError } from '@strongroom/attestation/attestation-error';
import { type TransferReceipt, verifyTransferReceipt } from '@strongroom/attestation/transfer-receipt';
import { ClientError } from './client-error.ts';
import { type Owner, openOwnerSession } from './owner.ts';
import { readAllPages } from './pages.ts';
import { base64Field, invalidAnswer } from './service-call.ts';

/** Response header with the receipt of an export or import, base64. */
const TRANSFER_RECEIPT_HEADER = 'strongroom-transfer-receipt';

/** A receipt with the bytes that prove it to others. */
export interface ListedTransferReceipt extends TransferReceipt {
  /** COSE_Sign1. */
  readonly signed: Uint8Array;
}

/** What the receipt of a transfer of one's own has to say. */
export interface OwnTransfer extends Pick<TransferReceipt, 'transfer' | 'address'> {
  readonly projectId: Uint8Array;
  /** Of the account: 33 bytes compressed, or 32. */
  readonly publicKey: Uint8Array;
  /** Export: SHA-256 of the RSA key that it was asked for with. Import: null. */
  readonly recipientDigest: Uint8Array | null;
}

/**
 * All exports and imports of the project's keys that the service shows, each verified, newest first by the enclave's clock. What stands beside
 * a receipt in the list is not looked at; one that is withheld is not seen.
 * @throws AttestationError when one is altered, or another project's; ClientError, also when one is listed twice
 */
export async function listTransferReceipts(owner: Owner): Promise<readonly ListedTransferReceipt[]> {
  const session = await openOwnerSession(owner);
  const { identityKey } = session.identity;
  const { projectId } = owner;
  const entries = await readAllPages(session, '/v2/enclave/transfer-receipts', 'transferReceipts');
  const receipts = await Promise.all(
    entries.map(async (entry, index) => {
      const signed = base64Field(entry, 'receipt');
      const where = `transferReceipts[${index}]`;
      return { ...(await verified(signed, { identityKey, projectId, where })), signed };
    }),
  );
  const distinct = new Set(receipts.map(({ signed }) => Buffer.from(signed).toString('base64')));
  if (distinct.size !== receipts.length) throw invalidAnswer('transferReceipts');
  return receipts.toSorted((a, b) => b.issuedAtMs - a.issuedAtMs);
}

async function verified(
  signed: Uint8Array,
  { identityKey, projectId, where }: Record<'identityKey' | 'projectId', Uint8Array> & { where: string },
): Promise<TransferReceipt> {
  try {
    return await verifyTransferReceipt(signed, identityKey, { projectId });
  } catch (error) {
    throw error instanceof AttestationError ? new AttestationError(error.code, where) : error;
  }
}

/**
 * Verifies the receipt that came with an export or import of one's own.
 * @returns the receipt as it was signed, to be kept
 * @throws ClientError RECEIPT_MISSING, or RECEIPT_INVALID when it is altered, or of another transfer or project
 */
export async function verifyOwnReceipt(
  headers: Headers,
  identityKey: Uint8Array,
  { projectId, transfer, address, publicKey, recipientDigest }: OwnTransfer,
): Promise<Uint8Array> {
  const base64 = headers.get(TRANSFER_RECEIPT_HEADER);
  const done = `The ${transfer} of the key of ${address} is done`;
  if (base64 === null)
    throw new ClientError('RECEIPT_MISSING', `${done}, but the service gave no receipt of it.`);
  const signed = Buffer.from(base64, 'base64');
  const invalid = (reason: string, cause?: unknown) =>
    new ClientError('RECEIPT_INVALID', `${done}, but its receipt is not valid. ${reason}`, { cause });
  const receipt = await verifyTransferReceipt(signed, identityKey, { projectId }).catch((error: unknown) => {
    throw error instanceof AttestationError ? invalid(error.message, error) : error;
  });
  const isOfThis =
    receipt.transfer === transfer &&
    receipt.address === address &&
    Buffer.compare(receipt.publicKey, publicKey) === 0 &&
    Buffer.compare(receipt.recipientDigest ?? EMPTY, recipientDigest ?? EMPTY) === 0;
  if (!isOfThis) throw invalid('It is of another transfer.');
  return signed;
}

const EMPTY = new Uint8Array();
