import { accountCommandErrors, exportRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Encrypts an EVM account's key to a key of the client's, where the project allows it. */
export const exportEvmAccount = defineOperation({
  name: 'export-evm-account',
  request: exportRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
