import { accountCommandErrors, signRequest, signResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Signs text by EIP-191. */
export const signEvmMessage = defineOperation({
  name: 'sign-evm-message',
  request: signRequest,
  response: signResponse,
  errors: accountCommandErrors,
  mode: 'repeatable',
});
