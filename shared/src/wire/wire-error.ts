/** Codes of broken bytes on the wire between parent and enclave. */
export const WIRE_ERROR_CODES = [
  'CBOR_TRUNCATED',
  'CBOR_TRAILING_BYTES',
  'CBOR_NOT_MINIMAL',
  'CBOR_INDEFINITE',
  'CBOR_TYPE_REFUSED',
  'CBOR_KEY_NOT_TEXT',
  'CBOR_KEY_ORDER',
  'CBOR_KEY_DUPLICATE',
  'CBOR_KEY_REFUSED',
  'CBOR_TOO_DEEP',
  'CBOR_TOO_MANY_ITEMS',
  'CBOR_INTEGER_RANGE',
  'CBOR_INVALID_UTF8',
  'CBOR_NOT_ENCODABLE',
  'FRAME_TOO_LARGE',
  'FRAME_EMPTY',
  'ENVELOPE_INVALID',
] as const;
export type WireErrorCode = (typeof WIRE_ERROR_CODES)[number];

/** Bytes that are not of the protocol. Carries a code and nothing of the input. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  constructor(code: WireErrorCode, options?: ErrorOptions) {
    super(code, options);
    this.name = 'WireError';
    this.code = code;
  }
}
