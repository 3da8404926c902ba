import * as v from 'valibot';
import { textUpTo, uint } from './fields.ts';
import { defineOperation } from './operation.ts';

/** Hands over short-lived credentials of the instance role for KMS. They open nothing without an attestation. */
export const setCredentials = defineOperation({
  name: 'set-credentials',
  request: v.strictObject({
    accessKeyId: textUpTo(128),
    secretAccessKey: textUpTo(256),
    sessionToken: v.nullable(textUpTo(8192)),
    expiresAtMs: uint,
  }),
  response: v.strictObject({}),
  errors: [],
  mode: 'repeatable',
});
