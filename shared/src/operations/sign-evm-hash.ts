import { accountCommandErrors, signRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Signs a 32-byte digest as given. */
export const signEvmHash = defineOperation({
  name: 'sign-evm-hash',
  request: signRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'repeatable',
});
