import { type AttemptLimit, createAttemptLimit } from './auth/attempt-limit.ts';
import { createRecoveryChallenges, type RecoveryChallenges } from './auth/recovery-challenges.ts';
import { createReplayWindow, type ReplayWindow } from './auth/replay-window.ts';
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

const MAX_COMPILED_POLICIES = 256;

/** What operations work with once the enclave is ready; all of it forgotten when the enclave ends. */
export interface ReadyService {
  readonly deployment: Deployment;
  readonly projects: Projects;
  readonly accounts: Accounts;
  readonly importKeys: ImportKeys;
  readonly policies: PolicyCache;
  readonly projectNonces: ProjectNonces;
  readonly recoveryChallenges: RecoveryChallenges;
  readonly recoveryAttempts: AttemptLimit;
  readonly minRecoveryWaitMs: number;
  readonly replayWindow: ReplayWindow;
  readonly marks: RecordMarks;
  readonly clock: AnchoredClock;
  readonly entropy: Entropy;
  readonly rootKey: Pick<Lifecycle, 'changeRoots' | 'describeRoots'>;
  readonly rotationReviews: RotationReviews;
}

export function createReadyService(lifecycle: Lifecycle, { limits }: MeasuredConfiguration): ReadyService {
  const { deployment, clock, entropy } = lifecycle;
  const marks = createRecordMarks(limits.recordMarks);
  return {
    deployment,
    marks,
    clock,
    entropy,
    rootKey: lifecycle,
    rotationReviews: createRotationReviews(),
    projects: createProjects(deployment, marks),
    accounts: createAccounts(deployment, marks),
    importKeys: createImportKeys(deployment),
    policies: new PolicyCache(MAX_COMPILED_POLICIES),
    projectNonces: createProjectNonces(),
    recoveryChallenges: createRecoveryChallenges(entropy(32)),
    recoveryAttempts: createAttemptLimit(),
    minRecoveryWaitMs: limits.minRecoveryWaitMs,
    replayWindow: createReplayWindow({
      maxEntries: limits.replayTableEntries,
      maxEntriesPerProject: limits.replayTableEntriesPerProject,
      tokenLifeMs: WALLET_TOKEN_LIFE_MS,
      nowMs: clock.nowMs,
    }),
  };
}
