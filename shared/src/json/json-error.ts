export type JsonErrorCode =
  | 'JSON_INVALID_UTF8'
  | 'JSON_BYTE_ORDER_MARK'
  | 'JSON_SYNTAX'
  | 'JSON_TRAILING_BYTES'
  | 'JSON_DUPLICATE_KEY'
  | 'JSON_LONE_SURROGATE'
  | 'JSON_TOO_DEEP'
  | 'JSON_NUMBER_TOO_LONG';

/** A JSON text that is refused; the message is the code alone, never input. */
export class JsonError extends Error {
  readonly code: JsonErrorCode;
  constructor(code: JsonErrorCode) {
    super(code);
    this.name = 'JsonError';
    this.code = code;
  }
}
