import { accountCommandErrors, policyChangeRequest, policyResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Replaces the rules of a policy. */
export const updatePolicy = defineOperation({
  name: 'update-policy',
  request: policyChangeRequest,
  response: policyResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
