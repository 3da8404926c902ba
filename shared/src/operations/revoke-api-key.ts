import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Takes an API key out of the project's record, signed by the Wallet Secret. */
export const revokeApiKey = defineOperation({
  name: 'revoke-api-key',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
