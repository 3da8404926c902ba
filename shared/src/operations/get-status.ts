import * as v from 'valibot';
import { PHASES, STATUS_REASONS } from '../phase.ts';
import { bytesOf, uint } from './fields.ts';
import { defineOperation } from './operation.ts';

/** What the enclave says of itself without proof: for operators and the proxy, never for clients. */
export const getStatus = defineOperation({
  name: 'get-status',
  request: v.strictObject({}),
  response: v.strictObject({
    phase: v.picklist(PHASES),
    /** Why the phase is `failed`, or what the last attempt to get on, or the last check, came upon. */
    reason: v.nullable(v.picklist(STATUS_REASONS)),
    bootId: bytesOf(16),
    deploymentId: v.nullable(bytesOf(32)),
    generation: v.nullable(uint),
    credentialsExpireAtMs: v.nullable(uint),
  }),
  errors: [],
  mode: 'repeatable',
});
