import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { expect } from 'vitest';
import type { Laboratory } from '../../src/hostile/laboratory.ts';

/** Demands that an enclave that starts refuses a root record, the laboratory's own by default, and goes on to wait for one. */
export async function expectRootRefused(lab: Laboratory, code: string, record?: Uint8Array): Promise<void> {
  const rootRecord = record ?? (await lab.rootRecord());
  await using enclave = await lab.boot();
  const outcome = await enclave.call(loadRootRecord, { rootRecord }).catch((error: unknown) => error);
  expect(outcome).toEqual(expect.objectContaining({ code }));
  expect((await enclave.call(getStatus, {})).phase).toBe('needs-root-record');
}
