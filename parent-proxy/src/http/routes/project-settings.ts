import { updateProjectSettings } from '@strongroom/shared/operations/update-project-settings';
import { changeAuthority } from '../authority-change.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { clientRequestOf } from '../wallet-request.ts';

/** Has the enclave change what the project allows. What is in force is read in the project's certificate. */
export async function changeProjectSettings(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'project-settings-changed',
    ask: ({ project }) => services.enclave.call(updateProjectSettings, { client, project }),
    doneCode: null,
  });
}
