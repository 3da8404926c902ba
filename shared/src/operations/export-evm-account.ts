import { accountCommandErrors, exportRequest, exportResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Encrypts an EVM account's key to a key of the client's, where the project allows it. */
export const exportEvmAccount = defineOperation({
  name: 'export-evm-account',
  request: exportRequest,
  response: exportResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
