import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Removes the recovery key, signed by the Wallet Secret. */
export const removeRecoveryKey = defineOperation({
  name: 'remove-recovery-key',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
