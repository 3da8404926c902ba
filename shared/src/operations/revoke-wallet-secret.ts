import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Takes a Wallet Secret out of the project's record, signed by one that counts. */
export const revokeWalletSecret = defineOperation({
  name: 'revoke-wallet-secret',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
