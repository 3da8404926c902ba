import { accountCommandErrors, updateRequest, updateResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Changes an EVM account's name or policy. */
export const updateEvmAccount = defineOperation({
  name: 'update-evm-account',
  request: updateRequest,
  response: updateResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
