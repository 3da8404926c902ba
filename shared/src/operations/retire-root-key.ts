import * as v from 'valibot';
import { defineOperation } from './operation.ts';
import { rootChangeResponse } from './root-change.ts';

/** Drops the generations that no longer seal, after this enclave has certified that it saw every row under the one that does. */
export const retireRootKey = defineOperation({
  name: 'retire-root-key',
  request: v.strictObject({}),
  response: rootChangeResponse,
  errors: ['ROTATION_REFUSED'],
  mode: 'once',
});
