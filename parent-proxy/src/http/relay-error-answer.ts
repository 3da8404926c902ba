import type { RelayError, RelayErrorCode } from '@strongroom/chain-relay/relay-error';
import type { ErrorCode } from '@strongroom/shared/error-code';

interface RelayAnswer {
  readonly code: ErrorCode;
  readonly message?: string;
}

const refused = (message: string): RelayAnswer => ({ code: 'INVALID_REQUEST', message });
const unavailable: RelayAnswer = { code: 'CHAIN_UNAVAILABLE' };

/** What a client is told of the chain's side, in our own words: a node's may hold anything. */
const ANSWERS: Readonly<Record<RelayErrorCode, RelayAnswer>> = {
  NETWORK_NOT_CONFIGURED: refused('This service is not configured for the network.'),
  NODE_UNREACHABLE: unavailable,
  NODE_ANSWER_REFUSED: unavailable,
  WRONG_CHAIN: unavailable,
  EXECUTION_REVERTED: refused('The transaction would revert.'),
  INSUFFICIENT_FUNDS: refused('Insufficient balance to execute the transaction.'),
  NONCE_TOO_LOW: refused('The nonce is too low: another transaction of the account was mined with it.'),
  REPLACEMENT_UNDERPRICED: refused(
    'A transaction with the same nonce is pending, and the fees do not exceed its enough.',
  ),
  FEE_TOO_LOW: refused('The fees are too low for the network.'),
  BLOCKHASH_EXPIRED: refused('The blockhash is unknown or expired.'),
  TRANSACTION_REFUSED: refused('The network refused the transaction.'),
  ACCOUNT_BUSY: {
    code: 'CONFLICT',
    message: 'Other transactions of the account are being sent. Please try again.',
  },
  USER_OPERATION_REFUSED: refused('The bundler refused the user operation.'),
  PAYMASTER_REFUSED: refused('The paymaster is not one that this service may ask, or does not pay.'),
  ALREADY_DELEGATED: {
    code: 'ALREADY_EXISTS',
    message: 'Account already has an active EIP-7702 delegation on the given network.',
  },
  DELEGATE_MISSING: refused('The network has no contracts to delegate to.'),
  INVALID_SIGNATURE: { code: 'INVALID_SIGNATURE' },
};

export function describeRelayError({ code }: RelayError): RelayAnswer & { readonly reason: string } {
  return { ...ANSWERS[code], reason: code };
}
