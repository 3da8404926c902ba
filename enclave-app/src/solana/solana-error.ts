export type SolanaErrorCode =
  | 'MALFORMED_TRANSACTION'
  | 'NOT_A_REQUIRED_SIGNER'
  | 'INVALID_ADDRESS'
  | 'INVALID_INSTRUCTION_DATA';

/** Input that a Solana codec refuses; the message is the code alone, never input. */
export class SolanaError extends Error {
  readonly code: SolanaErrorCode;
  constructor(code: SolanaErrorCode) {
    super(code);
    this.name = 'SolanaError';
    this.code = code;
  }
}
