import * as v from 'valibot';
import { bytesOf, certificate } from './fields.ts';
import { defineOperation } from './operation.ts';
import { rotationRowErrors, rotationRows } from './rotation-rows.ts';

/**
 * Shows rows to the enclave after a rotation: projects in ascending order of their ids, the accounts of each in ascending order of address
 * key. Every row must open under the root key that seals.
 */
export const reviewRows = defineOperation({
  name: 'review-rows',
  request: v.strictObject({
    /** Null begins a review. */
    reviewId: v.nullable(bytesOf(16)),
    ...rotationRows,
    /** `last`: no rows of the project follow these. */
    part: v.picklist(['inner', 'last']),
  }),
  response: v.strictObject({
    reviewId: bytesOf(16),
    /** What the enclave saw of the project, with its last rows. */
    certificate: v.nullable(certificate),
  }),
  errors: ['ROTATION_REFUSED', ...rotationRowErrors],
  mode: 'once',
});
