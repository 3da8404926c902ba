import * as v from 'valibot';
import { defineOperation } from './operation.ts';
import { rootChangeResponse } from './root-change.ts';

/** Lets the announced root key seal. */
export const activateRootKey = defineOperation({
  name: 'activate-root-key',
  request: v.strictObject({}),
  response: rootChangeResponse,
  errors: ['ROTATION_REFUSED'],
  mode: 'once',
});
