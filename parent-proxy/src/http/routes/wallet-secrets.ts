import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { revokeWalletSecret } from '@strongroom/shared/operations/revoke-wallet-secret';
import { changeAuthority } from '../authority-change.ts';
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
  });
}
