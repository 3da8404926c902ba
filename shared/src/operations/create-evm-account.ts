import { accountCommandErrors, createRequest, createResponse } from './account-command.ts';
import { defineOperation } from './operation.ts';

/** Makes an EVM account whose key never leaves the enclave. */
export const createEvmAccount = defineOperation({
  name: 'create-evm-account',
  request: createRequest,
  response: createResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
