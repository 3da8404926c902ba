import type { certifyProject } from '@strongroom/shared/operations/certify-project';
import type { RequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { issueProjectCertificate } from '../certificates/certificates.ts';
import type { ReadyService } from '../ready-service.ts';

/** Opens the presented record and certifies what it says, fresh by the caller's nonce. */
export function handleCertifyProject(
  { project, nonce }: RequestOf<typeof certifyProject>,
  { deployment, projects, clock }: ReadyService,
): ResponseOf<typeof certifyProject> {
  const { authority } = projects.open(project);
  return {
    certificate: issueProjectCertificate(deployment, authority, { nonce, issuedAtMs: clock.nowMs() }),
  };
}
