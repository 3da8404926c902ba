import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Adds an API key to the project's record, signed by the Wallet Secret. */
export const addApiKey = defineOperation({
  name: 'add-api-key',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
