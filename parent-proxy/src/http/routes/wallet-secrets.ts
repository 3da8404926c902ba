import { hash } from 'node:crypto';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { revokeWalletSecret } from '@strongroom/shared/operations/revoke-wallet-secret';
import { changeAuthority } from '../authority-change.ts';
import { jsonAnswer, parseJsonBody } from '../json.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { clientRequestOf } from '../wallet-request.ts';

/** The enclave decides; the proxy keeps nothing of Wallet Secrets, so that they are listed by the project's certificate. */
export async function addNewWalletSecret(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'wallet-secret-added',
    ask: ({ project }) => services.enclave.call(addWalletSecret, { client, project }),
    doneCode: 'ALREADY_EXISTS',
    answerAgain: async () => addedAnswer(request.body),
  });
}

export async function revokeExistingWalletSecret(
  request: ProjectRequest,
  services: Services,
): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'wallet-secret-revoked',
    ask: ({ project }) => services.enclave.call(revokeWalletSecret, { client, project }),
    doneCode: 'NOT_FOUND',
    answerAgain: async () => ({ status: 204, body: '' }),
  });
}

/** As the enclave answered the first time: all of it follows from the body, which the enclave has verified again. */
function addedAnswer(body: Uint8Array): Answer {
  const json = parseJsonBody(body);
  const member =
    json.kind === 'object' ? json.members.find(({ key }) => key === 'publicKey')?.value : undefined;
  const publicKey = member?.kind === 'string' ? member.value : '';
  const id = hash('sha256', Buffer.from(publicKey, 'base64'), 'hex').slice(0, 32);
  return jsonAnswer(201, { id, publicKey, state: 'active' });
}
