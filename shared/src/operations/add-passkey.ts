import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Adds a passkey that proves that it exists, signed by the Wallet Secret. */
export const addPasskey = defineOperation({
  name: 'add-passkey',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
