import * as v from 'valibot';
import { PHASES, STATUS_REASONS } from '../phase.ts';
import { projectId, uint } from './fields.ts';
import { errorCode, kmsCall, operationName } from './telemetry-fields.ts';

const placed = {
  /** 1 for the first event of an enclave's life. */
  sequence: v.pipe(uint, v.minValue(1)),
  /** Whole seconds since the enclave's process started. */
  uptimeS: uint,
};

/**
 * Everything that the enclave reports of itself: numbers, codes of closed sets and ids that the parent gave it. No field takes text, and none
 * can come to hold a byte of a secret, a request or an answer.
 */
export const enclaveEvent = v.variant('event', [
  v.strictObject({
    ...placed,
    event: v.literal('phase-changed'),
    phase: v.picklist(PHASES),
    reason: v.nullable(v.picklist(STATUS_REASONS)),
  }),
  v.strictObject({ ...placed, event: v.literal('credentials-received'), expiresAtMs: uint }),
  v.strictObject({ ...placed, event: v.literal('genesis-made') }),
  v.strictObject({ ...placed, event: v.literal('root-record-loaded'), version: uint, generation: uint }),
  v.strictObject({
    ...placed,
    event: v.literal('kms-call-failed'),
    call: kmsCall,
    /** Place of the key in the measured configuration. */
    keyIndex: uint,
    code: errorCode,
  }),
  /** The hourly look at time and key policies found nothing against them; `driftMs` was between the clock and the module's. */
  v.strictObject({ ...placed, event: v.literal('rechecked'), keys: uint, driftMs: uint }),
  v.strictObject({ ...placed, event: v.literal('recheck-failed'), reason: v.picklist(STATUS_REASONS) }),
  /** What only the parent, its databases or a full table can cause. */
  v.strictObject({
    ...placed,
    event: v.literal('request-not-trusted'),
    operation: operationName,
    code: errorCode,
    projectId: v.nullable(projectId),
  }),
  v.strictObject({ ...placed, event: v.literal('internal-error'), operation: operationName }),
]);

export type EnclaveEvent = v.InferOutput<typeof enclaveEvent>;
