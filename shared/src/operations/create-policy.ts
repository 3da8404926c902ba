import { accountCommandErrors, policyRequest, policyResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Adds a policy to the project's record. */
export const createPolicy = defineOperation({
  name: 'create-policy',
  request: policyRequest,
  response: policyResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
