import { accountCommandErrors, importRequest, importResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Takes a Solana key that the client encrypted to the project's import key. */
export const importSolanaAccount = defineOperation({
  name: 'import-solana-account',
  request: importRequest,
  response: importResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
