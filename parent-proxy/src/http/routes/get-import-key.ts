import { getImportKey } from '@strongroom/shared/operations/get-import-key';
import { ensureImportKey } from '../import-key.ts';
import { base64Of, jsonAnswer } from '../json.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** The key to which a client encrypts what it imports, with the enclave's certificate that it is this project's. */
export async function getProjectImportKey(
  { principal: { project } }: ProjectRequest,
  services: Services,
): Promise<Answer> {
  const importKey = await ensureImportKey(project, services);
  const { publicKey, certificate } = await services.enclave.call(getImportKey, { project, importKey });
  return jsonAnswer(200, { publicKeyPem: pemOf(publicKey), certificate: base64Of(certificate) });
}

/** SubjectPublicKeyInfo as PEM (RFC 7468 section 13), which is what the SDK takes. */
function pemOf(spki: Uint8Array): string {
  const lines = base64Of(spki).match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}
