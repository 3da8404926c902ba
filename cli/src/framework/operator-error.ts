/** A refusal of an operator's act, told in the words of whoever refused it, who had the code's fixed text for it. */
export class OperatorError extends Error {
  readonly code: string;
  /** Whether something was shown to be other than what it says it is. */
  readonly isUnverified: boolean;
  constructor(code: string, message: string, isUnverified: boolean) {
    super(message);
    this.name = 'OperatorError';
    this.code = code;
    this.isUnverified = isUnverified;
  }
}
