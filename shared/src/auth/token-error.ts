export type TokenErrorCode =
  | 'TOKEN_LENGTH'
  | 'TOKEN_FORM'
  | 'TOKEN_BASE64URL'
  | 'TOKEN_JSON'
  | 'BEARER_HEADER'
  | 'BEARER_CLAIMS'
  | 'BEARER_ALGORITHM'
  | 'BEARER_KEY_ID'
  | 'BEARER_SIGNATURE'
  | 'BEARER_URI'
  | 'BEARER_LIFETIME'
  | 'BEARER_NOT_YET_VALID'
  | 'BEARER_EXPIRED';

/** Why a token is refused, for tests and logs: a client is told only that it was. The message is the code alone. */
export class TokenError extends Error {
  readonly code: TokenErrorCode;
  constructor(code: TokenErrorCode, options?: ErrorOptions) {
    super(code, options);
    this.name = 'TokenError';
    this.code = code;
  }
}
