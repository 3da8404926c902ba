import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Sets or replaces the key that a recovery passphrase is stretched to, signed by the Wallet Secret. */
export const setRecoveryKey = defineOperation({
  name: 'set-recovery-key',
  request: policyRequest,
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
