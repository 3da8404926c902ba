import { accountCommandErrors, signRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Signs typed data by EIP-712. */
export const signEvmTypedData = defineOperation({
  name: 'sign-evm-typed-data',
  request: signRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'repeatable',
});
