import { describe, expect, it } from 'vitest';
import { MAX_TOKEN_CHARS, parseCompactJwt } from './compact-jwt.ts';

const segment = (text: string) => Buffer.from(text).toString('base64url');
const token = (header: string, claims: string, signature = 'AAAA') =>
  `${segment(header)}.${segment(claims)}.${signature}`;

describe('parseCompactJwt', () => {
  it('returns header, claims, the signed bytes and the signature', () => {
    const text = token('{"alg":"ES256"}', '{"iat":5,"uris":["a"]}', segment('sig'));
    const jwt = parseCompactJwt(text);
    expect({ ...jwt.header }).toEqual({ alg: 'ES256' });
    expect({ ...jwt.claims }).toEqual({ iat: 5, uris: ['a'] });
    expect(Buffer.from(jwt.signingInput).toString()).toBe(text.slice(0, text.lastIndexOf('.')));
    expect(Buffer.from(jwt.signature).toString()).toBe('sig');
  });

  it.each([
    ['no dots', 'abc', 'TOKEN_FORM'],
    ['two segments', `${segment('{}')}.${segment('{}')}`, 'TOKEN_FORM'],
    ['four segments', `${token('{}', '{}')}.AAAA`, 'TOKEN_FORM'],
    ['empty', '', 'TOKEN_FORM'],
    ['an empty signature', token('{}', '{}', ''), 'TOKEN_BASE64URL'],
    ['padding', token('{}', '{}', 'AAA='), 'TOKEN_BASE64URL'],
    ['the other base64 alphabet', token('{}', '{}', 'AA+/'), 'TOKEN_BASE64URL'],
    ['bits after the last byte', token('{}', '{}', 'AB'), 'TOKEN_BASE64URL'],
    ['a length that no bytes have', token('{}', '{}', 'AAAAA'), 'TOKEN_BASE64URL'],
    ['white space', token('{}', '{}', 'AA AA'), 'TOKEN_BASE64URL'],
    ['a character beyond ASCII', token('{}', '{}', 'AAA\u0141'), 'TOKEN_BASE64URL'],
    ['a duplicate claim', token('{}', '{"a":1,"a":1}'), 'TOKEN_JSON'],
    ['a duplicate header', token('{"alg":"ES256","alg":"none"}', '{}'), 'TOKEN_JSON'],
    ['a header that is no object', token('[]', '{}'), 'TOKEN_JSON'],
    ['claims that are no object', token('{}', '"text"'), 'TOKEN_JSON'],
    ['broken JSON', token('{}', '{'), 'TOKEN_JSON'],
    ['a critical extension', token('{"crit":["exp"]}', '{}'), 'TOKEN_FORM'],
    ['an unencoded payload', token('{"b64":false}', '{}'), 'TOKEN_FORM'],
    ['a long token', token('{}', JSON.stringify({ a: 'x'.repeat(MAX_TOKEN_CHARS) })), 'TOKEN_LENGTH'],
  ])('refuses %s', (_what, text, code) => {
    expect(() => parseCompactJwt(text)).toThrow(expect.objectContaining({ name: 'TokenError', code }));
  });

  it('keeps a number that a double cannot hold out of the claims', () => {
    expect(parseCompactJwt(token('{}', '{"iat":1e3}')).claims['iat']).not.toBeTypeOf('number');
  });
});
