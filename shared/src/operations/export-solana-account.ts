import { accountCommandErrors, exportRequest, exportResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Encrypts a Solana account's key to a key of the client's, where the project allows it. */
export const exportSolanaAccount = defineOperation({
  name: 'export-solana-account',
  request: exportRequest,
  response: exportResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
