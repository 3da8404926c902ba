export type RelayErrorCode =
  /** The operator named no endpoint for the network. */
  | 'NETWORK_NOT_CONFIGURED'
  /** No endpoint answered, or all are busy; whether one acted cannot be known. */
  | 'NODE_UNREACHABLE'
  /** An answer is not what the method gives. */
  | 'NODE_ANSWER_REFUSED'
  /** The endpoint serves another chain than the operator said. */
  | 'WRONG_CHAIN'
  | 'EXECUTION_REVERTED'
  | 'INSUFFICIENT_FUNDS'
  /** Another transaction of the account was mined with the nonce. */
  | 'NONCE_TOO_LOW'
  /** Another transaction of the account waits with the nonce and a fee that this one does not exceed enough. */
  | 'REPLACEMENT_UNDERPRICED'
  | 'FEE_TOO_LOW'
  | 'BLOCKHASH_EXPIRED'
  | 'TRANSACTION_REFUSED'
  /** Other sends of the account hold its nonce for too long. */
  | 'ACCOUNT_BUSY'
  | 'USER_OPERATION_REFUSED'
  /** The operator does not allow the paymaster's host, or the paymaster does not pay. */
  | 'PAYMASTER_REFUSED'
  | 'INVALID_SIGNATURE'
  /** The account runs the delegate's code already. */
  | 'ALREADY_DELEGATED'
  /** The contracts to delegate to are not on the network. */
  | 'DELEGATE_MISSING';

/** What kept the relay from its work; the message is the code alone, never a node's words. */
export class RelayError extends Error {
  readonly code: RelayErrorCode;
  constructor(code: RelayErrorCode, options?: ErrorOptions) {
    super(code, options);
    this.name = 'RelayError';
    this.code = code;
  }
}

export function isRelayError(error: unknown, ...codes: readonly RelayErrorCode[]): error is RelayError {
  return error instanceof RelayError && (codes.length === 0 || codes.includes(error.code));
}
