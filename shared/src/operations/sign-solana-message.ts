import { accountCommandErrors, signRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Signs the UTF-8 bytes of a text that is no Solana transaction. */
export const signSolanaMessage = defineOperation({
  name: 'sign-solana-message',
  request: signRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'repeatable',
});
