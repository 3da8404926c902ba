import { WIRE_ERROR_CODES } from './wire/wire-error.ts';

/** Refusals that a client's own request can cause. The HTTP answer to each is in api/error-response.ts. */
export const CLIENT_ERROR_CODES = [
  'BEARER_REFUSED',
  'WALLET_TOKEN_MISSING',
  'WALLET_TOKEN_MALFORMED',
  'WALLET_TOKEN_SIGNATURE',
  'WALLET_TOKEN_URI',
  'WALLET_TOKEN_STALE',
  'WALLET_TOKEN_FUTURE',
  'WALLET_TOKEN_BEFORE_BOOT',
  'WALLET_TOKEN_REPLAYED',
  'WALLET_TOKEN_REQUEST_HASH_MISSING',
  'WALLET_TOKEN_REQUEST_HASH_MISMATCH',
  'MALFORMED_JSON',
  'INVALID_REQUEST',
  'MALFORMED_TRANSACTION',
  'FEE_CAP_EXCEEDED',
  'INVALID_SIGNATURE',
  'INVALID_TYPED_DATA',
  'POLICY_VIOLATION',
  'POLICY_IN_USE',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'ALREADY_EXISTS',
  'IDEMPOTENCY_MISMATCH',
  'IDEMPOTENCY_IN_PROGRESS',
  'CONFLICT',
  'RATE_LIMITED',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'PROJECT_GENESIS_REFUSED',
  'PROJECT_NONCE_REFUSED',
  'RECOVERY_REFUSED',
  'RECOVERY_PENDING',
  'RECOVERY_NOT_DUE',
  'SECOND_FACTOR_REQUIRED',
  'SECOND_FACTOR_REFUSED',
] as const;

/** Refusals that only the parent, KMS or the state of the service can cause. */
export const SERVICE_ERROR_CODES = [
  'UNKNOWN_OPERATION',
  'INVALID_MESSAGE',
  'OPERATION_MISMATCH',
  'PHASE_REFUSED',
  'OVERLOADED',
  'REPLAY_TABLE_FULL',
  'SEALED_BLOB_REFUSED',
  'RECORD_OLDER_VERSION',
  'RECORD_FORKED',
  'RECORD_MISMATCH',
  'MARK_TABLE_FULL',
  'POLICY_DOCUMENT_REFUSED',
  'PROPOSAL_REFUSED',
  'ROOT_RECORD_REFUSED',
  'ROOT_ALREADY_LOADED',
  'ROTATION_REFUSED',
  'CREDENTIALS_MISSING',
  'KMS_UNREACHABLE',
  'KMS_DENIED',
  'KMS_ANSWER_REFUSED',
  'KMS_KEY_REFUSED',
  'CLOCK_DISAGREES',
  'CONNECTION_LOST',
  'DEADLINE_EXCEEDED',
  'STORE_UNAVAILABLE',
  'CHAIN_UNAVAILABLE',
  'INTERNAL',
] as const;

export type ClientErrorCode = (typeof CLIENT_ERROR_CODES)[number];
export type ServiceErrorCode = (typeof SERVICE_ERROR_CODES)[number];
/** Every stable code that crosses the wall. Codes are never reused. */
export const ERROR_CODES = [...CLIENT_ERROR_CODES, ...SERVICE_ERROR_CODES, ...WIRE_ERROR_CODES] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

const CODES: ReadonlySet<string> = new Set(ERROR_CODES);
const CLIENT_CODES: ReadonlySet<string> = new Set(CLIENT_ERROR_CODES);

export function isErrorCode(code: string): code is ErrorCode {
  return CODES.has(code);
}

export function isClientErrorCode(code: string): code is ClientErrorCode {
  return CLIENT_CODES.has(code);
}
