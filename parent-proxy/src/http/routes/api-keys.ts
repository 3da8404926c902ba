import { addApiKey } from '@strongroom/shared/operations/add-api-key';
import { revokeApiKey } from '@strongroom/shared/operations/revoke-api-key';
import type { ShownApiKey } from '../../store/store.ts';
import { changeAuthority } from '../authority-change.ts';
import { jsonAnswer } from '../json.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { clientRequestOf } from '../wallet-request.ts';

export async function addNewApiKey(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'api-key-added',
    ask: ({ project }) => services.enclave.call(addApiKey, { client, project }),
    doneCode: 'ALREADY_EXISTS',
  });
}

/** Takes effect with the answer: the next request of the key is refused by every proxy of the store. */
export async function revokeExistingApiKey(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'api-key-revoked',
    ask: ({ project }) => services.enclave.call(revokeApiKey, { client, project }),
    doneCode: 'NOT_FOUND',
  });
}

/** The project's keys: what they may do, and when each was last used. */
export async function listApiKeys(
  { principal }: ProjectRequest,
  { store, keyUse }: Services,
): Promise<Answer> {
  await keyUse.write();
  const apiKeys = await store.listApiKeys(principal.project.projectId);
  return jsonAnswer(200, { apiKeys: apiKeys.map(shown) });
}

function shown({ id, algorithm, scopes, expiresAtMs, allowedIps, lastUsedAtMs }: ShownApiKey) {
  const timeOf = (timeMs: number) => new Date(timeMs).toISOString();
  return {
    id,
    algorithm,
    scopes,
    allowedIps,
    ...(expiresAtMs !== null && { expiresAt: timeOf(expiresAtMs) }),
    ...(lastUsedAtMs !== null && { lastUsedAt: timeOf(lastUsedAtMs) }),
  };
}
