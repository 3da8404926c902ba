import { expect } from 'vitest';

/** Matches an error of the SDK, or a parsed answer, by what clients decide on. */
export function refusal(statusCode: number, errorType: string, errorMessage?: string): unknown {
  return expect.objectContaining({
    statusCode,
    errorType,
    ...(errorMessage !== undefined && { errorMessage }),
  });
}
