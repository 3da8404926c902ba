import * as v from 'valibot';
import { certificate, nonce, projectRows } from './fields.ts';
import { defineOperation } from './operation.ts';

/** A fresh project certificate over the caller's nonce. */
export const certifyProject = defineOperation({
  name: 'certify-project',
  request: v.strictObject({ project: projectRows, nonce }),
  response: v.strictObject({ certificate }),
  errors: ['SEALED_BLOB_REFUSED', 'RECORD_OLDER_VERSION', 'RECORD_FORKED', 'RECORD_MISMATCH'],
  mode: 'repeatable',
});
