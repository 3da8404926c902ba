import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Sets what the project requires a second factor for, signed by the Wallet Secret. */
export const setFactorRequirements = defineOperation({
  name: 'set-factor-requirements',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
