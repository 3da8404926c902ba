import * as v from 'valibot';
import { PHASES } from '../phase.ts';
import { bytesOf, textUpTo, uint } from './fields.ts';
import { defineOperation } from './operation.ts';

/** What the enclave says of itself without proof: for operators and the proxy, never for clients. */
export const getStatus = defineOperation({
  name: 'get-status',
  request: v.strictObject({}),
  response: v.strictObject({
    phase: v.picklist(PHASES),
    /** Why the phase is `failed`, else null. */
    reason: v.nullable(textUpTo(64)),
    bootId: bytesOf(16),
    deploymentId: v.nullable(bytesOf(32)),
    generation: v.nullable(uint),
    credentialsExpireAtMs: v.nullable(uint),
  }),
  errors: [],
  mode: 'repeatable',
});
