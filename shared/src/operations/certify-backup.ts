import * as v from 'valibot';
import { bytesOf, certificate, uint } from './fields.ts';
import { defineOperation } from './operation.ts';

/**
 * Has the deployment sign for the content of a backup: who restores it knows that an enclave of this deployment was shown this digest at that
 * time. The enclave has not seen the content; `drill-rows` looks into it.
 */
export const certifyBackup = defineOperation({
  name: 'certify-backup',
  request: v.strictObject({
    /** SHA-256 of the archive's frames before its trailer. */
    contentDigest: bytesOf(32),
    projects: uint,
    accounts: uint,
  }),
  response: v.strictObject({ certificate }),
  errors: [],
  mode: 'repeatable',
});
