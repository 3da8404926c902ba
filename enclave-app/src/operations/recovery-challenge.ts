import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { challengeRecovery } from '@strongroom/shared/operations/challenge-recovery';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { issueRecoveryChallenge } from '../certificates/certificates.ts';
import type { ReadyService } from '../ready-service.ts';

/** Certifies what a recovery has to sign and what waits. Nothing in it is secret, so whoever knows the project may ask. */
export function handleChallengeRecovery(
  { project: rows, nonce }: ParsedRequestOf<typeof challengeRecovery>,
  { projects, deployment, recoveryChallenges, clock }: ReadyService,
): ResponseOf<typeof challengeRecovery> {
  const { projectId, authority } = projects.open(rows);
  const { recovery } = authority.record;
  if (recovery === null) throw noRecoveryKey();
  const issuedAtMs = clock.nowMs();
  const challenge = recoveryChallenges.issue({ projectId, digest: authority.digest }, issuedAtMs);
  return {
    certificate: issueRecoveryChallenge(deployment, authority, recovery, { challenge, nonce, issuedAtMs }),
  };
}

export function noRecoveryKey(): OperationError {
  return new OperationError('NOT_FOUND', { clientMessage: 'The project has no recovery passphrase.' });
}
