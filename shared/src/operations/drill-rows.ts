import * as v from 'valibot';
import { bytesOf, certificate, rootRecordBytes } from './fields.ts';
import { defineOperation } from './operation.ts';
import { wrappingErrors } from './root-change.ts';
import { rotationRowErrors, rotationRows } from './rotation-rows.ts';

/**
 * Opens rows of a backup by the root record in that backup and by KMS alone, derives the address of each wallet key, and certifies them.
 * Nothing of it touches what the enclave serves with: not its root keys, not its memory of records.
 */
export const drillRows = defineOperation({
  name: 'drill-rows',
  request: v.strictObject({
    /** SHA-256 of the archive's frames before its trailer, for the certificate. */
    contentDigest: bytesOf(32),
    rootRecord: rootRecordBytes,
    project: rotationRows.project,
    accounts: rotationRows.accounts,
  }),
  response: v.strictObject({ certificate }),
  errors: ['ROOT_RECORD_REFUSED', ...wrappingErrors, ...rotationRowErrors],
  mode: 'repeatable',
});
