export type ClientErrorCode =
  | 'SERVICE_UNREACHABLE'
  | 'SERVICE_REFUSED'
  | 'SERVICE_ANSWER_INVALID'
  | 'PROJECT_MISMATCH'
  | 'CERTIFICATE_MISSING';

/** Why a client-side command stopped before anything was trusted. */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClientError';
    this.code = code;
  }
}
