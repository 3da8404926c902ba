import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { StatusReason } from '@strongroom/shared/phase';
import { NsmError } from '../nsm/nsm.ts';

/** What KMS or its relay may answer at a check without contradicting anything: signing needs no KMS, and the manifest shows how old the last check is. */
const HARMLESS_AT_RECHECK: readonly StatusReason[] = ['KMS_UNREACHABLE', 'KMS_DENIED', 'CREDENTIALS_MISSING'];

export function isHarmlessAtRecheck(reason: StatusReason): boolean {
  return HARMLESS_AT_RECHECK.includes(reason);
}

/** The code that the enclave's status shows for an error. */
export function reasonOf(error: unknown): StatusReason {
  return error instanceof OperationError || error instanceof NsmError ? error.code : 'INTERNAL';
}
