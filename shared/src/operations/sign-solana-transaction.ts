import { accountCommandErrors, signRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Puts the account's signature into a legacy or v0 transaction. */
export const signSolanaTransaction = defineOperation({
  name: 'sign-solana-transaction',
  request: signRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'repeatable',
});
