import type { ErrorCode, ServiceErrorCode } from '../error-code.ts';
import type { HttpAnswer } from '../wire/envelope.ts';
import type { WireErrorCode } from '../wire/wire-error.ts';

/** Those of CDP's error types that this service uses. */
export type ErrorType =
  | 'already_exists'
  | 'bad_gateway'
  | 'forbidden'
  | 'idempotency_error'
  | 'internal_server_error'
  | 'invalid_request'
  | 'invalid_signature'
  | 'malformed_transaction'
  | 'mfa_invalid_code'
  | 'mfa_required'
  | 'not_found'
  | 'operation_in_progress'
  | 'policy_in_use'
  | 'policy_violation'
  | 'rate_limit_exceeded'
  | 'service_unavailable'
  | 'unauthorized';

/** What a client gets for a code: HTTP status, CDP's type, and a sentence without any input in it. */
export interface ErrorResponse {
  readonly status: number;
  readonly errorType: ErrorType;
  readonly errorMessage: string;
}

/** CDP's sentences for the cases of one code; handed on as `clientMessage`. */
export interface AccountMessages {
  readonly addressNotFound: string;
  readonly nameNotFound: string;
  readonly addressExists: string;
  readonly nameExists: string;
}

export const ACCOUNT_MESSAGES: Readonly<Record<'evm' | 'solana', AccountMessages>> = {
  evm: accountMessages('EVM'),
  solana: accountMessages('Solana'),
};
export const POLICY_NOT_FOUND = 'Policy not found.';
export const API_KEY_EXISTS = 'An API key with the given id already exists.';

function accountMessages(family: string): AccountMessages {
  return {
    addressNotFound: `${family} account with the given address not found.`,
    nameNotFound: `${family} account with the given name not found.`,
    addressExists: `${family} account with the given address already exists.`,
    nameExists: `${family} account with the given name already exists.`,
  };
}

const invalid = (status: number, errorMessage: string): ErrorResponse => ({
  status,
  errorType: 'invalid_request',
  errorMessage,
});
const walletToken: ErrorResponse = {
  status: 401,
  errorType: 'unauthorized',
  errorMessage: 'Wallet authentication error.',
};
const unavailable: ErrorResponse = {
  status: 503,
  errorType: 'service_unavailable',
  errorMessage: 'Service unavailable. Please try again later.',
};
const badGateway: ErrorResponse = {
  status: 502,
  errorType: 'bad_gateway',
  errorMessage: 'The network is not reachable. Please try again later.',
};
const internal: ErrorResponse = {
  status: 500,
  errorType: 'internal_server_error',
  errorMessage: 'An internal server error occurred. Please try again later.',
};

/** Every code that a client may learn of by more than "internal" or "unavailable". */
const CLIENT_RESPONSES: Readonly<
  Record<Exclude<ErrorCode, ServiceErrorCode | WireErrorCode>, ErrorResponse>
> = {
  BEARER_REFUSED: {
    status: 401,
    errorType: 'unauthorized',
    errorMessage: 'The request is not properly authenticated.',
  },
  WALLET_TOKEN_MISSING: walletToken,
  WALLET_TOKEN_MALFORMED: walletToken,
  WALLET_TOKEN_SIGNATURE: walletToken,
  WALLET_TOKEN_URI: walletToken,
  WALLET_TOKEN_STALE: walletToken,
  WALLET_TOKEN_FUTURE: walletToken,
  WALLET_TOKEN_BEFORE_BOOT: walletToken,
  WALLET_TOKEN_REPLAYED: walletToken,
  WALLET_TOKEN_REQUEST_HASH_MISSING: walletToken,
  WALLET_TOKEN_REQUEST_HASH_MISMATCH: walletToken,
  MALFORMED_JSON: invalid(400, 'The request body is not valid JSON.'),
  INVALID_REQUEST: invalid(400, 'Invalid request. Please check the request body and parameters.'),
  MALFORMED_TRANSACTION: {
    status: 400,
    errorType: 'malformed_transaction',
    errorMessage: 'Malformed unsigned transaction.',
  },
  INVALID_SIGNATURE: { status: 400, errorType: 'invalid_signature', errorMessage: 'Invalid signature.' },
  FEE_CAP_EXCEEDED: invalid(400, "The transaction's fee could exceed the project's cap."),
  INVALID_TYPED_DATA: invalid(
    400,
    'The typed data is not valid EIP-712: check that every value fits its type.',
  ),
  POLICY_VIOLATION: {
    status: 403,
    errorType: 'policy_violation',
    errorMessage: 'The request violates a policy.',
  },
  POLICY_IN_USE: {
    status: 400,
    errorType: 'policy_in_use',
    errorMessage: 'The policy is attached to an account and cannot be deleted.',
  },
  FORBIDDEN: {
    status: 403,
    errorType: 'forbidden',
    errorMessage: 'The API key is not allowed to perform this operation.',
  },
  NOT_FOUND: { status: 404, errorType: 'not_found', errorMessage: 'The requested resource was not found.' },
  METHOD_NOT_ALLOWED: invalid(405, 'The method is not allowed for this path.'),
  ALREADY_EXISTS: { status: 409, errorType: 'already_exists', errorMessage: 'The resource already exists.' },
  IDEMPOTENCY_MISMATCH: {
    status: 422,
    errorType: 'idempotency_error',
    errorMessage:
      'The idempotency key was already used with a different request payload. Please try again with a new idempotency key.',
  },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    errorType: 'already_exists',
    errorMessage: 'Another request with the same idempotency key is currently processing.',
  },
  CONFLICT: {
    status: 409,
    errorType: 'operation_in_progress',
    errorMessage: 'The resource was changed by another request. Please try again.',
  },
  RATE_LIMITED: {
    status: 429,
    errorType: 'rate_limit_exceeded',
    errorMessage: 'Too many requests. Please try again later.',
  },
  PAYLOAD_TOO_LARGE: invalid(413, 'The request body is too large.'),
  UNSUPPORTED_MEDIA_TYPE: invalid(415, 'The content type must be application/json.'),
  PROJECT_GENESIS_REFUSED: invalid(400, 'The project genesis is invalid.'),
  PROJECT_NONCE_REFUSED: invalid(400, 'The nonce of the project genesis is unknown, used or expired.'),
  RECOVERY_REFUSED: {
    status: 403,
    errorType: 'forbidden',
    errorMessage: 'The recovery is not signed by the recovery key over the newest challenge.',
  },
  RECOVERY_PENDING: {
    status: 409,
    errorType: 'already_exists',
    errorMessage: 'A recovery is waiting already.',
  },
  RECOVERY_NOT_DUE: {
    status: 409,
    errorType: 'operation_in_progress',
    errorMessage: 'The waiting period of the recovery is not over.',
  },
  SECOND_FACTOR_REQUIRED: {
    status: 403,
    errorType: 'mfa_required',
    errorMessage: 'The project requires a second factor for this operation.',
  },
  SECOND_FACTOR_REFUSED: {
    status: 403,
    errorType: 'mfa_invalid_code',
    errorMessage: 'The second factor is wrong, used, expired, or not for this request.',
  },
};

/** Causes that pass by themselves or by an operator's act; every other one that is not the client's is internal. */
const UNAVAILABLE_CODES: ReadonlySet<ErrorCode> = new Set<ServiceErrorCode>([
  'PHASE_REFUSED',
  'OVERLOADED',
  'REPLAY_TABLE_FULL',
  'MARK_TABLE_FULL',
  'CREDENTIALS_MISSING',
  'KMS_UNREACHABLE',
  'KMS_DENIED',
  'CLOCK_DISAGREES',
  'CONNECTION_LOST',
  'DEADLINE_EXCEEDED',
  'STORE_UNAVAILABLE',
]);

/** The only place where a code becomes an HTTP status; enclave and proxy answer from it. */
export function errorResponse(code: ErrorCode): ErrorResponse {
  if (Object.hasOwn(CLIENT_RESPONSES, code)) return CLIENT_RESPONSES[code as keyof typeof CLIENT_RESPONSES];
  if (code === 'CHAIN_UNAVAILABLE') return badGateway;
  return UNAVAILABLE_CODES.has(code) ? unavailable : internal;
}

/**
 * Makes the final answer `{errorType, errorMessage, correlationId?}` for a code.
 * @param message one of our own sentences to say instead of the code's default; never a part of the input
 */
export function errorAnswer(code: ErrorCode, message?: string, correlationId?: string): HttpAnswer {
  const { status, errorType, errorMessage } = errorResponse(code);
  const body = {
    errorType,
    errorMessage: message ?? errorMessage,
    ...(correlationId !== undefined && { correlationId }),
  };
  return { status, body: Buffer.from(JSON.stringify(body)) };
}
