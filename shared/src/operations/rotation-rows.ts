import * as v from 'valibot';
import type { ErrorCode } from '../error-code.ts';
import { projectRows, sealedBlob, sealedRecord, textUpTo } from './fields.ts';

/** Accounts of one batch; about 2 KiB of a frame each. */
export const MAX_ROTATION_BATCH = 200;

/** Sealed rows of one project; its accounts with their wallet keys. */
export const rotationRows = {
  project: projectRows,
  importKey: v.nullable(sealedBlob),
  accounts: v.pipe(
    v.array(v.strictObject({ address: textUpTo(64), account: sealedRecord, walletKey: sealedBlob })),
    v.maxLength(MAX_ROTATION_BATCH),
  ),
};
export const rotationRowErrors: readonly ErrorCode[] = [
  'SEALED_BLOB_REFUSED',
  'RECORD_OLDER_VERSION',
  'RECORD_FORKED',
  'RECORD_MISMATCH',
  'MARK_TABLE_FULL',
];
