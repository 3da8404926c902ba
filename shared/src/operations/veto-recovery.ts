import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Ends a recovery that waits, signed by a Wallet Secret that counts. */
export const vetoRecovery = defineOperation({
  name: 'veto-recovery',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
