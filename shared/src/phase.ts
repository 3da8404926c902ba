import { ERROR_CODES } from './error-code.ts';

/**
 * Phases of an enclave's life, in order. `needs-root-record` waits for the parent to present the stored root record,
 * `needs-genesis` was told that there is none, `failed` answers status and nothing else.
 */
export const PHASES = [
  'starting',
  'needs-root-record',
  'needs-genesis',
  'unsealing',
  'ready',
  'failed',
] as const;
export type Phase = (typeof PHASES)[number];

/** Refusals of the Nitro Security Module, or its absence; `NSM_DEBUG_MODE`: PCR0, 1 or 2 is zero, so the memory is open to the parent. */
export const NSM_ERROR_CODES = [
  'NSM_UNAVAILABLE',
  'NSM_DEBUG_MODE',
  'NSM_INVALID_ARGUMENT',
  'NSM_INVALID_INDEX',
  'NSM_READ_ONLY_INDEX',
  'NSM_INVALID_OPERATION',
  'NSM_INPUT_TOO_LARGE',
  'NSM_INTERNAL_ERROR',
] as const;
export type NsmErrorCode = (typeof NSM_ERROR_CODES)[number];

/** What about the machine or the process makes a production enclave refuse to start. */
export const START_REFUSALS = [
  'ENTROPY_SOURCE_REFUSED',
  'CLOCK_SOURCE_REFUSED',
  'ENVIRONMENT_REFUSED',
  'RUNTIME_OPTIONS_REFUSED',
  'INSPECTOR_REFUSED',
  'REPORTS_REFUSED',
  'CORE_DUMPS_REFUSED',
] as const;
export type StartRefusal = (typeof START_REFUSALS)[number];

/** Why an enclave is not ready, or what its last check came upon. */
export const STATUS_REASONS = [...START_REFUSALS, ...NSM_ERROR_CODES, ...ERROR_CODES] as const;
export type StatusReason = (typeof STATUS_REASONS)[number];
