import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { createProject } from '@strongroom/shared/operations/create-project';
import type { RequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { issueProjectCertificate } from '../certificates/certificates.ts';
import type { ReadyService } from '../ready-service.ts';
import { decodeAuthorityRecord, encodeAuthorityRecord, projectViewOf } from '../records/authority-record.ts';
import { verifyProjectGenesis } from './project-genesis.ts';

/** Checks the client's signed genesis against this deployment and an own nonce, and seals the project's first rows. */
export function handleCreateProject(
  { genesis }: RequestOf<typeof createProject>,
  { deployment, projects, projectNonces, clock, entropy }: ReadyService,
): ResponseOf<typeof createProject> {
  const { nonce, deploymentId, record } = verifyProjectGenesis(genesis);
  if (Buffer.compare(deploymentId, deployment.id) !== 0) throw new OperationError('PROJECT_GENESIS_REFUSED');
  const issuedAtMs = clock.nowMs();
  projectNonces.spend(nonce, issuedAtMs);
  const clientSecret = entropy(32);
  const sealedSecret = projects.sealClientSecret(record.projectId, clientSecret);
  clientSecret.fill(0);
  const digested = decodeAuthorityRecord(encodeAuthorityRecord(record));
  return {
    projectId: record.projectId,
    authority: projects.sealAuthority(record),
    clientSecret: sealedSecret,
    certificate: issueProjectCertificate(deployment, digested, { nonce, issuedAtMs }),
    view: projectViewOf(record),
  };
}
