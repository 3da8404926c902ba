import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Starts the waiting period of a recovery that the recovery key signed. */
export const startRecovery = defineOperation({
  name: 'start-recovery',
  request: policyRequest,
  response: authorityResponse,
  errors: [...accountCommandErrors, 'RECOVERY_REFUSED', 'RECOVERY_PENDING'],
  mode: 'once',
});
