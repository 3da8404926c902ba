import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Changes what the project allows as a whole, signed by the Wallet Secret. */
export const updateProjectSettings = defineOperation({
  name: 'update-project-settings',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
