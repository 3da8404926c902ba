import * as v from 'valibot';
import { textUpTo, uint } from './fields.ts';
import { defineOperation } from './operation.ts';

/** Which generations of the root key the enclave holds, and by which KMS keys each is wrapped. */
export const getRootKey = defineOperation({
  name: 'get-root-key',
  request: v.strictObject({}),
  response: v.strictObject({
    recordVersion: uint,
    /** The generation that seals. */
    generation: uint,
    roots: v.array(v.strictObject({ generation: uint, keyArns: v.array(textUpTo(256)) })),
  }),
  errors: [],
  mode: 'repeatable',
});
