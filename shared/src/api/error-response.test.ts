import { describe, expect, it } from 'vitest';
import { CLIENT_ERROR_CODES, SERVICE_ERROR_CODES } from '../error-code.ts';
import { errorAnswer, errorResponse } from './error-response.ts';

const parsed = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString());

describe('errorResponse', () => {
  it('gives every client error a status below 500 and every service error one from 500', () => {
    for (const code of CLIENT_ERROR_CODES) expect(errorResponse(code).status, code).toBeLessThan(500);
    for (const code of SERVICE_ERROR_CODES)
      expect(errorResponse(code).status, code).toBeGreaterThanOrEqual(500);
  });

  it('tells nothing of what went wrong inside', () => {
    // Internal, unavailable, and that a chain's own nodes are.
    const texts = SERVICE_ERROR_CODES.map((code) => errorResponse(code).errorMessage);
    expect(new Set(texts).size).toBe(3);
  });

  it('says of every wallet token the same', () => {
    const codes = CLIENT_ERROR_CODES.filter((code) => code.startsWith('WALLET_TOKEN_'));
    expect(codes.length).toBeGreaterThan(5);
    for (const code of codes) {
      expect(errorResponse(code)).toEqual({
        status: 401,
        errorType: 'unauthorized',
        errorMessage: 'Wallet authentication error.',
      });
    }
  });

  it('takes a code that it does not know for internal', () => {
    expect(errorResponse('toString' as never).status).toBe(500);
  });
});

describe('errorAnswer', () => {
  it('makes the body of CDP', () => {
    const { status, body } = errorAnswer('NOT_FOUND', 'EVM account with the given name not found.', 'abc');
    expect(status).toBe(404);
    expect(parsed(body)).toEqual({
      errorType: 'not_found',
      errorMessage: 'EVM account with the given name not found.',
      correlationId: 'abc',
    });
  });

  it('leaves the correlation id out when there is none', () => {
    expect(parsed(errorAnswer('INTERNAL').body)).not.toHaveProperty('correlationId');
  });
});
