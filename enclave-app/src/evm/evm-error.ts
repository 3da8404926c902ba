export type EvmErrorCode =
  | 'INVALID_HEX'
  | 'INVALID_ADDRESS'
  | 'INVALID_PUBLIC_KEY'
  | 'INVALID_TEXT'
  | 'MALFORMED_RLP'
  | 'MALFORMED_TRANSACTION'
  | 'INVALID_TYPED_DATA'
  | 'INVALID_ABI'
  | 'INVALID_CALLDATA';

/** Input that an EVM codec refuses; the message is the code alone, never input. */
export class EvmError extends Error {
  readonly code: EvmErrorCode;
  constructor(code: EvmErrorCode) {
    super(code);
    this.name = 'EvmError';
    this.code = code;
  }
}
