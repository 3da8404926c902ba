import { accountCommandErrors, evaluateRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Says what a policy would decide, and by which rule; signs nothing. */
export const evaluatePolicy = defineOperation({
  name: 'evaluate-policy',
  request: evaluateRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'repeatable',
});
