export type PolicyErrorCode = 'INVALID_POLICY';

/** Where in the document a refused rule is: indexes from 0. */
export interface PolicyErrorPosition {
  readonly ruleIndex: number;
  readonly criterionIndex?: number;
}

/** A policy that has the right shape but cannot be compiled. The message is a fixed text for its author. */
export class PolicyError extends Error {
  readonly code: PolicyErrorCode = 'INVALID_POLICY';
  readonly position: PolicyErrorPosition | null;
  constructor(message: string, position: PolicyErrorPosition | null = null) {
    super(message);
    this.name = 'PolicyError';
    this.position = position;
  }
}
