import type { ErrorCode } from '@strongroom/shared/error-code';

/** A request that the proxy refuses. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  /** One of our own sentences for the client instead of the code's; never a part of the input. */
  readonly clientMessage: string | undefined;

  constructor(code: ErrorCode, options: ErrorOptions & { readonly clientMessage?: string } = {}) {
    super(code, options);
    this.name = 'RequestError';
    this.code = code;
    this.clientMessage = options.clientMessage;
  }
}
