import { accountCommandErrors, policyRequest, policyResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Takes a policy out of the project's record. */
export const deletePolicy = defineOperation({
  name: 'delete-policy',
  request: policyRequest,
  response: policyResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
