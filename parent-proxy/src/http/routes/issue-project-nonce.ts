import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import { hexOf, jsonAnswer } from '../json.ts';
import type { Answer, OpenRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** A nonce that a project genesis has to carry, good once and for five minutes. */
export async function issueNonce(_request: OpenRequest, { enclave }: Services): Promise<Answer> {
  const { nonce, deploymentId, expiresAtMs } = await enclave.call(issueProjectNonce, {});
  return jsonAnswer(201, {
    nonce: hexOf(nonce),
    deploymentId: hexOf(deploymentId),
    expiresAt: new Date(expiresAtMs).toISOString(),
  });
}
