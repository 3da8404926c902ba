import { accountCommandErrors, createRequest, createResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Makes a Solana account whose key never leaves the enclave. */
export const createSolanaAccount = defineOperation({
  name: 'create-solana-account',
  request: createRequest,
  response: createResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
