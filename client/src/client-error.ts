export type ClientErrorCode =
  | 'SERVICE_UNREACHABLE'
  | 'SERVICE_REFUSED'
  | 'SERVICE_ANSWER_INVALID'
  | 'PROJECT_MISMATCH'
  | 'RECORD_OLDER'
  | 'ACCOUNT_MISMATCH'
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

/** Why a client-side command stopped before anything was trusted. */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClientError';
    this.code = code;
  }
}
