import { RequestError } from '../../request-error.ts';
import { base64Of, jsonAnswer } from '../json.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** What the enclave certified of the project after the last rotation of the root key. */
export async function getRotationCertificate(
  { principal }: ProjectRequest,
  { store }: Services,
): Promise<Answer> {
  const certificate = await store.findRotationCertificate(principal.project.projectId);
  if (certificate === null) {
    throw new RequestError('NOT_FOUND', { clientMessage: 'The root key has not been rotated.' });
  }
  return jsonAnswer(200, { certificate: base64Of(certificate) });
}
