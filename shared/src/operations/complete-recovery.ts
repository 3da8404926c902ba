import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Puts a recovery's Wallet Secret in the place of all others once its time has come, signed by that new secret. */
export const completeRecovery = defineOperation({
  name: 'complete-recovery',
  request: policyRequest,
  response: authorityResponse,
  errors: [...accountCommandErrors, 'RECOVERY_NOT_DUE'],
  mode: 'once',
});
