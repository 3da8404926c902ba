import { accountCommandErrors, updateRequest, updateResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Changes a Solana account's name or policy. */
export const updateSolanaAccount = defineOperation({
  name: 'update-solana-account',
  request: updateRequest,
  response: updateResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
