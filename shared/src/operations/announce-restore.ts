import * as v from 'valibot';
import { uint } from './fields.ts';
import { defineOperation } from './operation.ts';
import { rootChangeResponse } from './root-change.ts';

/**
 * Counts a restore in the root record, which raises the security epoch that every attestation shows: above that of the backup, and above one
 * that clients have seen since, which the restored record cannot know of.
 */
export const announceRestore = defineOperation({
  name: 'announce-restore',
  request: v.strictObject({ aboveEpoch: v.pipe(uint, v.maxValue(0x7fff_ffff)) }),
  response: rootChangeResponse,
  errors: ['ROTATION_REFUSED'],
  mode: 'once',
});
