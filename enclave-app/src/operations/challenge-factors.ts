import type { challengeFactors } from '@strongroom/shared/operations/challenge-factors';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { issueFactorChallenge } from '../certificates/factor-challenge.ts';
import type { ReadyService } from '../ready-service.ts';

/** Certifies a challenge and which factors there are. Nothing in it is secret, so whoever knows the project may ask. */
export function handleChallengeFactors(
  { project: rows, nonce }: ParsedRequestOf<typeof challengeFactors>,
  { projects, deployment, factorChallenges, clock }: ReadyService,
): ResponseOf<typeof challengeFactors> {
  const { projectId, authority } = projects.open(rows);
  const issuedAtMs = clock.nowMs();
  const challenge = factorChallenges.issue({ projectId, digest: authority.digest }, issuedAtMs);
  return { certificate: issueFactorChallenge(deployment, authority, { challenge, nonce, issuedAtMs }) };
}
