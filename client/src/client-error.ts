export type ClientErrorCode =
  | 'SERVICE_UNREACHABLE'
  | 'SERVICE_REFUSED'
  | 'CREDENTIALS_REFUSED'
  | 'ENROLMENT_REFUSED'
  | 'NOT_FOUND'
  | 'SERVICE_FAILED'
  | 'SERVICE_ANSWER_INVALID'
  | 'PROJECT_MISMATCH'
  | 'RECORD_OLDER'
  | 'ACCOUNT_MISMATCH'
  | 'ACCOUNT_UNKNOWN'
  | 'EXPORTED_KEY_INVALID'
  | 'CERTIFICATE_MISSING'
  | 'RECEIPT_MISSING'
  | 'RECEIPT_INVALID'
  | 'WALLET_SECRETS_MISMATCH'
  | 'API_KEYS_MISMATCH'
  | 'PASSPHRASE_INVALID'
  | 'PASSPHRASE_WRONG'
  | 'STRETCHING_REFUSED'
  | 'RECOVERY_MISMATCH'
  | 'RECOVERY_NOT_PENDING'
  | 'SECOND_FACTOR_REQUIRED'
  | 'SECOND_FACTOR_INVALID'
  | 'FACTORS_MISMATCH';

/** Answers of a service that changed nothing: what was asked may be asked again. */
const REFUSALS: ReadonlySet<ClientErrorCode> = new Set([
  'SERVICE_REFUSED',
  'CREDENTIALS_REFUSED',
  'ENROLMENT_REFUSED',
  'NOT_FOUND',
  'PASSPHRASE_INVALID',
  'PASSPHRASE_WRONG',
  'STRETCHING_REFUSED',
  'SECOND_FACTOR_REQUIRED',
  'SECOND_FACTOR_INVALID',
]);

/** Whether what was asked was refused: certainly not done, if the service tells the truth. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ClientError && REFUSALS.has(error.code);
}

/** Why a client-side command stopped before anything was trusted. */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClientError';
    this.code = code;
  }
}
