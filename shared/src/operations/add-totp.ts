import * as v from 'valibot';
import { accountCommandErrors, authorityResponse, policyRequest } from './account-command.ts';
import { sealedBlob } from './fields.ts';
import { defineOperation } from './operation.ts';

/** Adds a TOTP secret that reaches the enclave encrypted to the project's import key, signed by the Wallet Secret. */
export const addTotp = defineOperation({
  name: 'add-totp',
  request: v.strictObject({ ...policyRequest.entries, importKey: sealedBlob }),
  response: authorityResponse,
  errors: accountCommandErrors,
  mode: 'once',
});
