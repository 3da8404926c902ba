import { factorChallengeBody } from '@strongroom/shared/api/factor-body';
import { addPasskey } from '@strongroom/shared/operations/add-passkey';
import { addTotp } from '@strongroom/shared/operations/add-totp';
import { challengeFactors } from '@strongroom/shared/operations/challenge-factors';
import { removePasskey } from '@strongroom/shared/operations/remove-passkey';
import { removeTotp } from '@strongroom/shared/operations/remove-totp';
import { setFactorRequirements } from '@strongroom/shared/operations/set-factor-requirements';
import { setRecoveryCodes } from '@strongroom/shared/operations/set-recovery-codes';
import { type AuthorityOperation, changeAuthority } from '../authority-change.ts';
import { ensureImportKey } from '../import-key.ts';
import { base64Of, jsonAnswer, readJsonBody } from '../json.ts';
import { findProjectOf } from '../recovery-change.ts';
import type { Answer, OpenRequest, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { clientRequestOf } from '../wallet-request.ts';

/** For anybody who knows the project: whoever recovers it has no API key. */
export async function giveFactorChallenge(
  { body }: OpenRequest,
  { store, enclave }: Services,
): Promise<Answer> {
  const { projectId, nonce } = readJsonBody(factorChallengeBody, body);
  const project = await findProjectOf(projectId, store);
  const { certificate } = await enclave.call(challengeFactors, {
    project,
    nonce: Buffer.from(nonce, 'hex'),
  });
  return jsonAnswer(200, { certificate: base64Of(certificate) });
}

export async function addNewPasskey(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'passkey-added',
    ask: ({ project }) => services.enclave.call(addPasskey, { client, project }),
    doneCode: 'ALREADY_EXISTS',
  });
}

export async function addNewTotp(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'totp-added',
    ask: async ({ project }) => {
      const importKey = await ensureImportKey(project, services);
      return await services.enclave.call(addTotp, { client, project, importKey });
    },
    doneCode: 'ALREADY_EXISTS',
  });
}

type Change =
  | typeof removePasskey
  | typeof removeTotp
  | typeof setRecoveryCodes
  | typeof setFactorRequirements;

/** A change that is answered with nothing. */
function changeFactors(contract: Change, name: string, doneCode: AuthorityOperation['doneCode']) {
  return async (request: ProjectRequest, services: Services): Promise<Answer> => {
    const client = clientRequestOf(request);
    return await changeAuthority(request, services, {
      name,
      ask: ({ project }) => services.enclave.call(contract, { client, project }),
      doneCode,
    });
  };
}

export const removeExistingPasskey = changeFactors(removePasskey, 'passkey-removed', 'NOT_FOUND');
export const removeExistingTotp = changeFactors(removeTotp, 'totp-removed', 'NOT_FOUND');
export const replaceRecoveryCodes = changeFactors(setRecoveryCodes, 'recovery-codes-set', null);
export const replaceFactorRequirements = changeFactors(
  setFactorRequirements,
  'factor-requirements-set',
  null,
);
