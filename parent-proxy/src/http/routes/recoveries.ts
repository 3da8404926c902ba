import {
  completeRecoveryBody,
  recoveryChallengeBody,
  startRecoveryBody,
} from '@strongroom/shared/api/recovery-body';
import { challengeRecovery } from '@strongroom/shared/operations/challenge-recovery';
import { completeRecovery } from '@strongroom/shared/operations/complete-recovery';
import { removeRecoveryKey } from '@strongroom/shared/operations/remove-recovery-key';
import { setRecoveryKey } from '@strongroom/shared/operations/set-recovery-key';
import { startRecovery } from '@strongroom/shared/operations/start-recovery';
import { vetoRecovery } from '@strongroom/shared/operations/veto-recovery';
import { changeAuthority } from '../authority-change.ts';
import { base64Of, hexOf, jsonAnswer, readJsonBody } from '../json.ts';
import { changeRecovery, findProjectOf } from '../recovery-change.ts';
import type { Answer, OpenRequest, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { clientRequestOf } from '../wallet-request.ts';

export async function setNewRecoveryKey(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'recovery-key-set',
    ask: ({ project }) => services.enclave.call(setRecoveryKey, { client, project }),
    doneCode: null,
  });
}

export async function removeExistingRecoveryKey(
  request: ProjectRequest,
  services: Services,
): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'recovery-key-removed',
    ask: ({ project }) => services.enclave.call(removeRecoveryKey, { client, project }),
    doneCode: 'NOT_FOUND',
  });
}

/** For anybody who knows the project: whoever has lost everything has no API key either. */
export async function giveRecoveryChallenge(
  { body }: OpenRequest,
  { store, enclave, recoveryLimiter }: Services,
): Promise<Answer> {
  const { projectId, nonce } = readJsonBody(recoveryChallengeBody, body);
  recoveryLimiter.admitProject(projectId);
  const project = await findProjectOf(projectId, store);
  const { certificate } = await enclave.call(challengeRecovery, {
    project,
    nonce: Buffer.from(nonce, 'hex'),
  });
  return jsonAnswer(200, { certificate: base64Of(certificate) });
}

export async function startNewRecovery(request: OpenRequest, services: Services): Promise<Answer> {
  const { projectId } = readJsonBody(startRecoveryBody, request.body);
  return await changeRecovery(request, services, {
    projectId,
    event: 'recovery-started',
    ask: (client, project) => services.enclave.call(startRecovery, { client, project }),
  });
}

export async function completeWaitingRecovery(request: OpenRequest, services: Services): Promise<Answer> {
  const { projectId } = readJsonBody(completeRecoveryBody, request.body);
  return await changeRecovery(request, services, {
    projectId,
    event: 'recovery-completed',
    ask: (client, project) => services.enclave.call(completeRecovery, { client, project }),
  });
}

export async function vetoWaitingRecovery(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  const { recoveryId = '' } = request.parameters;
  const projectId = hexOf(request.principal.project.projectId);
  return await changeAuthority(request, services, {
    name: 'recovery-vetoed',
    ask: ({ project }) => services.enclave.call(vetoRecovery, { client, project }),
    doneCode: 'NOT_FOUND',
    event: { event: 'recovery-vetoed', projectId, recoveryId, completableAt: null },
  });
}
