import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Takes a passkey out of the project's record, signed by the Wallet Secret. */
export const removePasskey = defineOperation({
  name: 'remove-passkey',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
