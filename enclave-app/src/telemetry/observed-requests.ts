import type { ErrorCode } from '@strongroom/shared/error-code';
import type { OperationName } from '@strongroom/shared/operations/registry';
import type { Outcome } from './counters.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * What a client cannot cause: rows that were changed, withheld or put back, and tables that somebody filled. A refused proposal is
 * not among it: the proxy asks without one for a network that it does not reach, to learn what policies say.
 */
const NOT_TRUSTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'OPERATION_MISMATCH',
  'REPLAY_TABLE_FULL',
  'SEALED_BLOB_REFUSED',
  'RECORD_OLDER_VERSION',
  'RECORD_FORKED',
  'RECORD_MISMATCH',
  'MARK_TABLE_FULL',
  'POLICY_DOCUMENT_REFUSED',
  'ROOT_RECORD_REFUSED',
  'ROOT_ALREADY_LOADED',
]);

/** A request that was decided. */
export interface DecidedRequest {
  readonly operation: OperationName;
  readonly outcome: Outcome;
  /** As it parsed; null when it did not. */
  readonly request: unknown;
}

/** Counts a request and reports what an operator should hear of. */
export function observeRequest(
  { counters, events }: Pick<Telemetry, 'counters' | 'events'>,
  { operation, outcome, request }: DecidedRequest,
): void {
  counters.requests.count(operation, outcome);
  if (outcome === 'OK') countWork(counters, operation, request);
  else if (outcome === 'INTERNAL') events.report({ event: 'internal-error', operation });
  else if (NOT_TRUSTED.has(outcome)) {
    const projectId = projectIdOf(request);
    events.report({ event: 'request-not-trusted', operation, code: outcome, projectId });
  }
}

function countWork(counters: Telemetry['counters'], operation: OperationName, request: unknown): void {
  if (operation === 'reseal-rows') {
    counters.rowsResealed += 1 + (request as { accounts: readonly unknown[] }).accounts.length;
  }
}

/** The id that the parent itself put beside the rows. */
function projectIdOf(request: unknown): Uint8Array | null {
  const { project } = (request ?? {}) as { project?: { projectId?: Uint8Array } };
  // Out of the frame, which is not to be kept for it.
  return project?.projectId === undefined ? null : Uint8Array.from(project.projectId);
}
