import * as v from 'valibot';
import { certificate, nonce, projectRows } from './fields.ts';
import { defineOperation } from './operation.ts';

/** What a recovery has to sign, and whether one waits, certified over the caller's nonce. */
export const challengeRecovery = defineOperation({
  name: 'challenge-recovery',
  request: v.strictObject({ project: projectRows, nonce }),
  response: v.strictObject({ certificate }),
  errors: [
    'NOT_FOUND',
    'SEALED_BLOB_REFUSED',
    'RECORD_OLDER_VERSION',
    'RECORD_FORKED',
    'RECORD_MISMATCH',
    'MARK_TABLE_FULL',
  ],
  mode: 'repeatable',
});
