import { evaluatePolicy } from '@strongroom/shared/operations/evaluate-policy';
import * as v from 'valibot';
import type { GovernedAccount } from '../../store/store.ts';
import { apiOfAddress } from '../chain-api.ts';
import { readJsonBody } from '../json.ts';
import { withNewestProject } from '../newest-project.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { clientRequestOf } from '../wallet-request.ts';

/** All that the proxy has to know of the body: whose policies to fetch. The enclave validates it. */
const addressedBody = v.looseObject({ address: v.optional(v.string()) });

/** A dry run: what the policies in force, or rules of the request, would decide. */
export async function evaluateRequestedPolicy(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  const governed = await findGoverned(request, services);
  if (governed === null) {
    return await withNewestProject(request, services, ({ project }) =>
      services.enclave.call(evaluatePolicy, { client, project, account: null }),
    );
  }
  const { project, address, account, policies } = governed;
  return await services.enclave.call(evaluatePolicy, {
    client,
    project,
    account: { address, account },
    policies: [...policies],
  });
}

async function findGoverned(
  { principal, body }: ProjectRequest,
  { store }: Services,
): Promise<GovernedAccount | null> {
  const { address } = readJsonBody(addressedBody, body);
  const api = address === undefined ? undefined : apiOfAddress(address);
  if (address === undefined || api === undefined) return null;
  const { projectId } = principal.project;
  return await store.findGovernedAccount({ projectId, family: api.family, address });
}
