/** Errors of KMS that the simulator answers with, by the name on the wire. */
export type KmsExceptionType =
  | 'AccessDeniedException'
  | 'ExpiredTokenException'
  | 'IncompleteSignatureException'
  | 'IncorrectKeyException'
  | 'InvalidCiphertextException'
  | 'InvalidSignatureException'
  | 'KMSInternalException'
  | 'MalformedPolicyDocumentException'
  | 'MissingAuthenticationTokenException'
  | 'NotFoundException'
  | 'SerializationException'
  | 'UnknownOperationException'
  | 'UnrecognizedClientException'
  | 'ValidationException';

/** A refusal as KMS words it; `message` is null where KMS sends none. */
export class KmsException extends Error {
  readonly type: KmsExceptionType;
  readonly wireMessage: string | null;
  constructor(type: KmsExceptionType, wireMessage: string | null, options?: ErrorOptions) {
    super(wireMessage ?? type, options);
    this.name = 'KmsException';
    this.type = type;
    this.wireMessage = wireMessage;
  }

  /** Body of the answer, HTTP 400 (500 for KMSInternalException). */
  toBody(): Readonly<Record<string, string>> {
    return this.wireMessage === null
      ? { __type: this.type }
      : { __type: this.type, Message: this.wireMessage };
  }
}
