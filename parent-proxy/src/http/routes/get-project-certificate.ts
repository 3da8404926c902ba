import { certifyProject } from '@strongroom/shared/operations/certify-project';
import { base64Of, jsonAnswer, nonceOf } from '../json.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** A fresh certificate of what the enclave holds the project's key list to be. */
export async function getProjectCertificate(
  { principal, query }: ProjectRequest,
  { enclave }: Services,
): Promise<Answer> {
  const { certificate } = await enclave.call(certifyProject, {
    project: principal.project,
    nonce: nonceOf(query),
  });
  return jsonAnswer(200, { certificate: base64Of(certificate) });
}
