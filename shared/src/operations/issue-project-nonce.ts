import * as v from 'valibot';
import { bytesOf, uint } from './fields.ts';
import { defineOperation } from './operation.ts';

/** A nonce for one project genesis, remembered for five minutes. */
export const issueProjectNonce = defineOperation({
  name: 'issue-project-nonce',
  request: v.strictObject({}),
  response: v.strictObject({ nonce: bytesOf(32), deploymentId: bytesOf(32), expiresAtMs: uint }),
  errors: ['OVERLOADED'],
  mode: 'once',
});
