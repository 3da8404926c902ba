import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Adds a Wallet Secret beside those that count, signed by one of them, and may say when the others end. */
export const addWalletSecret = defineOperation({
  name: 'add-wallet-secret',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
