import { OperationError } from '@strongroom/shared/channel/operation-error';

/** Decodes base64, with or without padding. @throws OperationError MALFORMED_TRANSACTION when a bit is left over */
export function decodeBase64Transaction(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
    throw new OperationError('MALFORMED_TRANSACTION');
  return bytes;
}
