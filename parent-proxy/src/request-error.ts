import type { ErrorCode } from '@strongroom/shared/error-code';

/** A request that the proxy refuses. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  /** One of our own sentences for the client instead of the code's; never a part of the input. */
  readonly clientMessage: string | undefined;

  /** Sent with the answer. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(
    code: ErrorCode,
    options: ErrorOptions & {
      readonly clientMessage?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(code, options);
    this.name = 'RequestError';
    this.code = code;
    this.clientMessage = options.clientMessage;
    this.headers = options.headers;
  }
}
