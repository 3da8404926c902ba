import { MAX_TOKEN_CHARS } from '@strongroom/shared/auth/compact-jwt';
import type { ClientRequest, ProjectRows } from '@strongroom/shared/operations/fields';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import type { startRecovery } from '@strongroom/shared/operations/start-recovery';
import { RequestError } from '../request-error.ts';
import type { RecoveryEvent } from '../store/recovery-notice-store.ts';
import type { Store } from '../store/store.ts';
import { type Answer, headerOf, type OpenRequest } from './request.ts';
import type { Services } from './services.ts';
import { secondFactorOf } from './wallet-request.ts';

interface RecoveryOperation {
  /** Hex. */
  readonly projectId: string;
  readonly event: RecoveryEvent['event'];
  /** Has the enclave verify the request and write the record's next version. */
  readonly ask: (client: ClientRequest, project: ProjectRows) => Promise<ResponseOf<typeof startRecovery>>;
}

/** @throws RequestError NOT_FOUND */
export async function findProjectOf(
  projectId: string,
  store: Pick<Store, 'findProject'>,
): Promise<ProjectRows> {
  const project = await store.findProject(Buffer.from(projectId, 'hex'));
  if (project === null) throw new RequestError('NOT_FOUND', { clientMessage: 'Project not found.' });
  return project;
}

/**
 * Changes a project's record for somebody without an API key, whom the enclave knows by the recovery key or the secret that it is for.
 * In the same turns as changes by the owner, and by compare-and-set against other proxies.
 */
export function changeRecovery(
  request: OpenRequest,
  services: Services,
  { projectId, event, ask }: RecoveryOperation,
): Promise<Answer> {
  const { store, turns, recoveryLimiter, recoveryNotifier, nowMs } = services;
  recoveryLimiter.admitProject(projectId);
  return turns.run(projectId, async () => {
    const project = await findProjectOf(projectId, store);
    const { answer, authority, view } = await ask(clientOf(request), project);
    const told = { event, projectId, ...idAndTimeOf(answer) };
    const notice = recoveryNotifier.noticeOf(told);
    const outcome = await store.replaceAuthority(
      { projectId: project.projectId, authority, view, policy: null, notice, changedAtMs: nowMs() },
      null,
    );
    if (outcome !== 'replaced') throw new RequestError('CONFLICT');
    recoveryNotifier.notify(told);
    return answer;
  });
}

function clientOf(request: OpenRequest): ClientRequest {
  const { method, path, body } = request;
  const walletToken = headerOf(request, 'x-wallet-auth') ?? null;
  if (walletToken !== null && walletToken.length > MAX_TOKEN_CHARS)
    throw new RequestError('WALLET_TOKEN_MALFORMED');
  return { method, path, body, bearerToken: null, walletToken, secondFactor: secondFactorOf(request) };
}

/** Out of the enclave's own answer. */
function idAndTimeOf({ body }: Answer): { recoveryId: string; completableAt: string } {
  const { id, completableAt } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, string>;
  return { recoveryId: String(id), completableAt: String(completableAt) };
}
