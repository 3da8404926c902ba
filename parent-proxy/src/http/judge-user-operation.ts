import { judgeUserOperation } from '@strongroom/shared/operations/judge-user-operation';
import type { SmartAccount } from '../store/smart-account-store.ts';
import { EVM_API } from './chain-api.ts';
import { withNewestProject } from './newest-project.ts';
import type { ProjectRequest } from './request.ts';
import type { Services } from './services.ts';
import { findEnclaveOwner } from './user-operation.ts';
import { clientRequestOf } from './wallet-request.ts';

/** Has the enclave refuse a preparation that policies forbid. @throws OperationError POLICY_VIOLATION */
export async function assertPreparable(
  request: ProjectRequest,
  account: SmartAccount,
  { store, enclave }: Services,
): Promise<void> {
  const { projectId } = account;
  const client = clientRequestOf(request);
  const owner = await findEnclaveOwner(account, request, store);
  if (owner !== null) {
    const key = { projectId, family: EVM_API.family, address: owner.address };
    const governed = await store.findGovernedAccount(key);
    if (governed === null || governed.policies.length === 0) return;
    const { project, address, account: record, policies } = governed;
    const named = { address, account: record };
    await enclave.call(judgeUserOperation, { client, project, account: named, policies: [...policies] });
    return;
  }
  await withNewestProject(request, { store }, async ({ project, projectPolicyId }) => {
    const document =
      projectPolicyId === null ? null : await store.findPolicyDocument(projectId, projectPolicyId);
    if (document === null) return;
    await enclave.call(judgeUserOperation, { client, project, account: null, policies: [document] });
  });
}
