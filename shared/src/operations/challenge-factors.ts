import * as v from 'valibot';
import { certificate, nonce, projectRows } from './fields.ts';
import { defineOperation } from './operation.ts';

/** A challenge for a second factor, and which ones the project has and requires, certified over the caller's nonce. */
export const challengeFactors = defineOperation({
  name: 'challenge-factors',
  request: v.strictObject({ project: projectRows, nonce }),
  response: v.strictObject({ certificate }),
  errors: [
    'SEALED_BLOB_REFUSED',
    'RECORD_OLDER_VERSION',
    'RECORD_FORKED',
    'RECORD_MISMATCH',
    'MARK_TABLE_FULL',
  ],
  mode: 'repeatable',
});
