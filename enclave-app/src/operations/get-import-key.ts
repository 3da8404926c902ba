import type { getImportKey } from '@strongroom/shared/operations/get-import-key';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { issueImportKeyCertificate } from '../certificates/certificates.ts';
import type { ReadyService } from '../ready-service.ts';

/** Shows a project's import key under a certificate; makes it at first need. */
export async function handleGetImportKey(
  { project: rows, importKey }: ParsedRequestOf<typeof getImportKey>,
  { projects, importKeys, deployment }: ReadyService,
): Promise<ResponseOf<typeof getImportKey>> {
  const open = () => projects.open(rows);
  const sealed = importKey ?? (await importKeys.make(open));
  const project = open();
  const publicKey = importKeys.publicKey(project, sealed);
  const certificate = issueImportKeyCertificate(deployment, project.projectId, publicKey);
  return { publicKey, certificate, created: importKey === null ? sealed : null };
}
