import { RequestError } from '../request-error.ts';
import { base64Of } from './json.ts';

/**
 * The receipt of a key that came in or is about to go out: without one, which an enclave of an earlier release does not make, it stays where it is.
 * @throws RequestError INVALID_MESSAGE
 */
export function requireReceipt(receipt: Uint8Array | undefined): Uint8Array {
  if (receipt === undefined) throw new RequestError('INVALID_MESSAGE');
  return receipt;
}

/** Base64 of COSE_Sign1; nothing for an account that was made, not imported. */
export function receiptHeader(receipt: Uint8Array | null): Record<string, string> {
  return receipt === null ? {} : { 'strongroom-transfer-receipt': base64Of(receipt) };
}
