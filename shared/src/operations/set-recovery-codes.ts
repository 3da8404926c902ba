import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Replaces the digests of the project's recovery codes, signed by the Wallet Secret. */
export const setRecoveryCodes = defineOperation({
  name: 'set-recovery-codes',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
