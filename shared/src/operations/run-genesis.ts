import * as v from 'valibot';
import { rootRecordBytes } from './fields.ts';
import { defineOperation } from './operation.ts';

/** Makes the root key and identity key of a new deployment, returns the record to store, and keeps neither. */
export const runGenesis = defineOperation({
  name: 'run-genesis',
  request: v.strictObject({}),
  response: v.strictObject({ rootRecord: rootRecordBytes }),
  errors: ['CREDENTIALS_MISSING', 'KMS_UNREACHABLE', 'KMS_DENIED', 'KMS_ANSWER_REFUSED', 'KMS_KEY_REFUSED'],
  mode: 'once',
});
