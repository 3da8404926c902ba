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
