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
