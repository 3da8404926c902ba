import {
  type AttemptLimit,
  createAttemptLimit,
  FACTOR_ATTEMPTS,
  RECOVERY_ATTEMPTS,
} from './auth/attempt-limit.ts';
import {
  createRecordChallenges,
  FACTOR_CHALLENGE,
  RECOVERY_CHALLENGE,
  type RecordChallenges,
} from './auth/record-challenges.ts';
import { createReplayWindow, type ReplayWindow } from './auth/replay-window.ts';
import { createTotpSteps, type TotpSteps } from './auth/totp-steps.ts';
import { WALLET_TOKEN_LIFE_MS } from './auth/wallet-token.ts';
import type { Lifecycle } from './boot/lifecycle.ts';
import type { AnchoredClock } from './clock.ts';
import type { MeasuredConfiguration } from './config.ts';
import type { Entropy } from './keys/entropy.ts';
import type { Deployment } from './keys/root-record.ts';
import { createProjectNonces, type ProjectNonces } from './operations/project-nonces.ts';
import { createRotationReviews, type RotationReviews } from './operations/rotation-reviews.ts';
import { PolicyCache } from './policy/policy-cache.ts';
import { type Accounts, createAccounts } from './records/accounts.ts';
import { createImportKeys, type ImportKeys } from './records/import-keys.ts';
import { createProjects, type Projects } from './records/projects.ts';
import { createRecordMarks, type RecordMarks } from './records/record-marks.ts';
import type { Counters } from './telemetry/counters.ts';

const MAX_COMPILED_POLICIES = 256;

/** What operations work with once the enclave is ready; all of it forgotten when the enclave ends. */
export interface ReadyService {
  readonly deployment: Deployment;
  readonly projects: Projects;
  readonly accounts: Accounts;
  readonly importKeys: ImportKeys;
  readonly policies: PolicyCache;
  readonly projectNonces: ProjectNonces;
  readonly recoveryChallenges: RecordChallenges;
  readonly recoveryAttempts: AttemptLimit;
  readonly factorChallenges: RecordChallenges;
  readonly factorAttempts: AttemptLimit;
  readonly totpSteps: TotpSteps;
  readonly minRecoveryWaitMs: number;
  readonly replayWindow: ReplayWindow;
  readonly marks: RecordMarks;
  /** Counted as they are made. */
  readonly signatures: Counters['signatures'];
  readonly clock: AnchoredClock;
  readonly entropy: Entropy;
  readonly rootKey: Pick<Lifecycle, 'changeRoots' | 'describeRoots' | 'openApart'>;
  readonly securityEpoch: () => number;
  readonly rotationReviews: RotationReviews;
}

export function createReadyService(
  lifecycle: Lifecycle,
  { limits }: MeasuredConfiguration,
  { signatures }: Pick<Counters, 'signatures'>,
): ReadyService {
  const { deployment, clock, entropy } = lifecycle;
  const marks = createRecordMarks(limits.recordMarks);
  return {
    deployment,
    marks,
    signatures,
    clock,
    entropy,
    rootKey: lifecycle,
    securityEpoch: () => lifecycle.securityEpoch,
    rotationReviews: createRotationReviews(),
    projects: createProjects(deployment, marks),
    accounts: createAccounts(deployment, marks),
    importKeys: createImportKeys(deployment),
    policies: new PolicyCache(MAX_COMPILED_POLICIES),
    projectNonces: createProjectNonces(),
    recoveryChallenges: createRecordChallenges(entropy(32), RECOVERY_CHALLENGE),
    recoveryAttempts: createAttemptLimit(RECOVERY_ATTEMPTS),
    factorChallenges: createRecordChallenges(entropy(32), FACTOR_CHALLENGE),
    factorAttempts: createAttemptLimit(FACTOR_ATTEMPTS),
    totpSteps: createTotpSteps(),
    minRecoveryWaitMs: limits.minRecoveryWaitMs,
    replayWindow: createReplayWindow({
      maxEntries: limits.replayTableEntries,
      maxEntriesPerProject: limits.replayTableEntriesPerProject,
      tokenLifeMs: WALLET_TOKEN_LIFE_MS,
      nowMs: clock.nowMs,
    }),
  };
}
