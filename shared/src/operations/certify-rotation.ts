import * as v from 'valibot';
import { bytesOf, certificate } from './fields.ts';
import { defineOperation } from './operation.ts';

/** Ends a review and certifies what the enclave saw in it, of all projects together. */
export const certifyRotation = defineOperation({
  name: 'certify-rotation',
  request: v.strictObject({
    /** Null for a deployment without projects. */
    reviewId: v.nullable(bytesOf(16)),
  }),
  response: v.strictObject({ certificate }),
  errors: ['ROTATION_REFUSED'],
  mode: 'once',
});
