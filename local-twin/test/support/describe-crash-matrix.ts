import { expect, it } from 'vitest';
import { CRASH_POINTS, killAtEveryCommit, type Scenario, type Victim } from './crash-matrix.ts';
import {
  completeRecoveryScenario,
  createScenario,
  importScenario,
  startRecoveryScenario,
  walletSecretScenario,
} from './crash-scenarios.ts';
import type { RecoveryWebhook } from './recovery-webhook.ts';
import type { TestSystem } from './test-system.ts';

/** A system that can be killed at its commits, and who is killed there. */
export interface CrashMatrix {
  readonly system: TestSystem;
  readonly victims: readonly Victim[];
  /** Null where nobody is told of recoveries. */
  readonly webhook: RecoveryWebhook | null;
}

/** What such a system is started with. */
export const CRASH_OPTIONS = { execArgv: CRASH_POINTS, limits: { minRecoveryWaitMs: 1000 } };

/** One test of each thing that owners ask for, with the number of its commits. */
export function describeCrashMatrix(matrix: () => CrashMatrix): void {
  const kill = <Trial, Told>(scenario: (matrix: CrashMatrix) => Scenario<Trial, Told>) =>
    killAtEveryCommit(matrix().victims, scenario(matrix()));

  it('a create', async () => {
    expect(await kill(({ system }) => createScenario(system))).toBe(3);
  });
  it('an import', async () => {
    expect(await kill(({ system }) => importScenario(system))).toBe(4);
  });
  it('a new Wallet Secret', async () => {
    expect(await kill(({ system }) => walletSecretScenario(system))).toBe(1);
  });
  it('the start of a recovery', async () => {
    expect(await kill(({ system, webhook }) => startRecoveryScenario(system, webhook))).toBe(1);
  });
  it('the end of a recovery', async () => {
    expect(await kill(({ system }) => completeRecoveryScenario(system))).toBe(1);
  });
}
