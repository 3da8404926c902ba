import { accountCommandErrors, importRequest, importResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Takes an EVM key that the client encrypted to the project's import key. */
export const importEvmAccount = defineOperation({
  name: 'import-evm-account',
  request: importRequest,
  response: importResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
