import { API_KEY_EXISTS } from '@strongroom/shared/api/error-response';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ErrorCode } from '@strongroom/shared/error-code';
import type { addApiKey } from '@strongroom/shared/operations/add-api-key';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { RequestError } from '../request-error.ts';
import type { RecoveryEvent } from '../store/recovery-notice-store.ts';
import type { PolicyChange, Principal } from '../store/store.ts';
import { type Attempt, idempotently, keeping, keptAnswer } from './idempotency.ts';
import { hexOf } from './json.ts';
import type { Answer, ProjectRequest } from './request.ts';
import type { Services } from './services.ts';
import { actorOf } from './wallet-request.ts';

/** The next version of a project's record, as the enclave has sealed it. */
type IssuedChange = ResponseOf<typeof addApiKey> & { readonly policy?: PolicyChange };

/** One kind of change of a project's record. */
export interface AuthorityOperation {
  readonly name: string;
  /** Has the enclave verify the request and write the next version. */
  readonly ask: (principal: Principal) => Promise<IssuedChange>;
  /** What the enclave says to a request that it has verified and that was done before. */
  readonly doneCode: ErrorCode | null;
  /** What a recovery comes to by it. */
  readonly event?: RecoveryEvent;
}

/**
 * Changes a project's record: one change at a time in this process, and by compare-and-set against other proxies. A repeated request is
 * verified by the enclave like the first, and changes nothing.
 */
export function changeAuthority(
  request: ProjectRequest,
  services: Services,
  operation: AuthorityOperation,
): Promise<Answer> {
  const { projectId } = request.principal.project;
  return idempotently(request, services, (attempt) =>
    services.turns.run(hexOf(projectId), () => change(request, services, operation, attempt)),
  );
}

async function change(
  request: ProjectRequest,
  services: Services,
  operation: AuthorityOperation,
  { claim, repeated }: Attempt,
): Promise<Answer> {
  const { store } = services;
  const principal = await store.findPrincipal(request.principal.apiKeyId);
  if (principal === null) throw new RequestError('BEARER_REFUSED');
  const ask = () => orConflict(principal, services, operation);
  if (repeated !== null) {
    await asDone(ask, operation.doneCode);
    return keptAnswer(repeated);
  }
  const { answer, authority, view, policy = null } = await ask();
  const { projectId } = principal.project;
  const { event } = operation;
  const notice = event === undefined ? null : services.recoveryNotifier.noticeOf(event);
  const outcome = await store.replaceAuthority(
    { projectId, authority, view, policy, notice, changedAtMs: services.nowMs() },
    keeping(claim, answer),
  );
  switch (outcome) {
    case 'replaced':
      services.audit.authorityChanged(actorOf(request), operation.name, authority.version);
      if (event !== undefined) services.recoveryNotifier.notify(event);
      return answer;
    case 'version-conflict':
      throw new RequestError('CONFLICT');
    case 'api-key-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: API_KEY_EXISTS });
    case 'policy-in-use':
      throw new RequestError('POLICY_IN_USE');
    case 'claim-lost':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
  }
}

const STALE_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'RECORD_OLDER_VERSION',
  'POLICY_DOCUMENT_REFUSED',
]);

/** What another proxy changed between reading and presenting is a conflict; the same refusal without such a change is a fault. */
async function orConflict(
  principal: Principal,
  { store }: Services,
  { ask }: AuthorityOperation,
): Promise<IssuedChange> {
  try {
    return await ask(principal);
  } catch (error) {
    if (!(error instanceof OperationError && STALE_CODES.has(error.code))) throw error;
    const newest = await store.findPrincipal(principal.apiKeyId);
    const isChanged = newest?.project.authority.version !== principal.project.authority.version;
    throw isChanged ? new RequestError('CONFLICT', { cause: error }) : error;
  }
}

async function asDone(ask: () => Promise<unknown>, doneCode: ErrorCode | null): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof OperationError && error.code === doneCode)) throw error;
  }
}
