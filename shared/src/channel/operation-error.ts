import type { ErrorCode } from '../error-code.ts';
import type { HttpAnswer } from '../wire/envelope.ts';

/** A refused or failed call across the wall, on either side of it. */
export class OperationError extends Error {
  readonly code: ErrorCode;
  /** Final HTTP answer when the enclave refused a client's request. */
  readonly http: HttpAnswer | undefined;
  /** One sentence that is safe for the client: a constant of our code, never a part of the input. */
  readonly clientMessage: string | undefined;

  constructor(
    code: ErrorCode,
    options: ErrorOptions & { readonly http?: HttpAnswer | undefined; readonly clientMessage?: string } = {},
  ) {
    super(code, options);
    this.name = 'OperationError';
    this.code = code;
    this.http = options.http;
    this.clientMessage = options.clientMessage;
  }
}
