/** Steps of a rotation, in their order. */
export type RotationStep = 'announce' | 'wait' | 'activate' | 'reseal' | 'review' | 'retire' | 'done';

/** Where a rotation is. */
export interface RotationProgress {
  readonly step: RotationStep;
  /** The generation that rows are sealed under at its end. */
  readonly generation: number;
  /** Accounts gone through in this step. */
  readonly accounts: number;
  readonly totalAccounts: number;
  /** Accounts and projects whose rows were sealed anew, in all passes. */
  readonly resealed: number;
  readonly elapsedMs: number;
}

const BAR_WIDTH = 30;

/** One line for a terminal: step, bar, rate, time to go. */
export function renderProgress({ step, accounts, totalAccounts, elapsedMs }: RotationProgress): string {
  const share = totalAccounts === 0 ? 1 : Math.min(accounts / totalAccounts, 1);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`;
  const perSecond = elapsedMs === 0 ? 0 : (accounts * 1000) / elapsedMs;
  const leftS = perSecond === 0 ? 0 : Math.ceil((totalAccounts - accounts) / perSecond);
  const counts = `${accounts}/${totalAccounts}`;
  return `${step.padEnd(8)} [${bar}] ${counts}  ${Math.round(perSecond)}/s  ${durationOf(leftS)} left`;
}

function durationOf(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}
