import * as v from 'valibot';
import { defineOperation } from './operation.ts';
import { rootChangeResponse } from './root-change.ts';

/** Counts a restore in the root record, which raises the security epoch that every attestation shows. Nothing lowers it again. */
export const announceRestore = defineOperation({
  name: 'announce-restore',
  request: v.strictObject({}),
  response: rootChangeResponse,
  errors: ['ROTATION_REFUSED'],
  mode: 'once',
});
