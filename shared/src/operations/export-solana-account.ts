import { accountCommandErrors, exportRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Encrypts a Solana account's key to a key of the client's, where the project allows it. */
export const exportSolanaAccount = defineOperation({
  name: 'export-solana-account',
  request: exportRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
