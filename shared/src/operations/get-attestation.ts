import * as v from 'valibot';
import { bytesUpTo, nonce } from './fields.ts';
import { defineOperation } from './operation.ts';

/** An attestation document over the caller's nonce, and the manifest whose SHA-256 is its user_data. */
export const getAttestation = defineOperation({
  name: 'get-attestation',
  request: v.strictObject({ nonce }),
  response: v.strictObject({ attestationDocument: bytesUpTo(16_384), manifest: bytesUpTo(16_384) }),
  errors: [],
  mode: 'repeatable',
});
