import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Takes the TOTP secret out of the project's record, signed by the Wallet Secret. */
export const removeTotp = defineOperation({
  name: 'remove-totp',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
