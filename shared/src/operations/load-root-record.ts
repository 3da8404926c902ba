import * as v from 'valibot';
import { PHASES } from '../phase.ts';
import { rootRecordBytes } from './fields.ts';
import { defineOperation } from './operation.ts';

/** Presents the stored root record, or null when the store has none. */
export const loadRootRecord = defineOperation({
  name: 'load-root-record',
  request: v.strictObject({ rootRecord: v.nullable(rootRecordBytes) }),
  response: v.strictObject({ phase: v.picklist(PHASES) }),
  errors: [
    'CREDENTIALS_MISSING',
    'KMS_UNREACHABLE',
    'KMS_DENIED',
    'KMS_ANSWER_REFUSED',
    'KMS_KEY_REFUSED',
    'ROOT_RECORD_REFUSED',
    'ROOT_ALREADY_LOADED',
    'RECORD_OLDER_VERSION',
  ],
  mode: 'repeatable',
});
