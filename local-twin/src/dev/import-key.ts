import { createPublicKey } from 'node:crypto';
import type { Service } from '@strongroom/client/service';
import { type ServiceIdentity, verifyImportKey } from '@strongroom/client/verify-service';
import type { DevFile } from './dev-file.ts';

/** The first project's import key, verified, as the SDK takes it: PEM. */
export async function importPublicKeyOf(
  service: Service,
  identity: ServiceIdentity,
  file: DevFile,
): Promise<string> {
  const { apiKeyId, apiKeySecret } = file;
  const projectId = Buffer.from(file.projectId, 'hex');
  const der = await verifyImportKey(service, identity, {
    credentials: { apiKeyId, apiKeySecret },
    projectId,
  });
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
    .export({ format: 'pem', type: 'spki' })
    .toString();
}
