import { accountCommandErrors, signRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Signs an unsigned EVM transaction. */
export const signEvmTransaction = defineOperation({
  name: 'sign-evm-transaction',
  request: signRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'repeatable',
});
