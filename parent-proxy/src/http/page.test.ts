import { describe, expect, it } from 'vitest';
import { encodeCursor, pageOf } from './page.ts';

const pageFor = (query: string) => pageOf(new URLSearchParams(query));

describe('pageOf', () => {
  it('starts at the beginning with 20', () => {
    expect(pageFor('')).toEqual({ limit: 20, after: null });
    expect(pageFor('pageToken=')).toEqual({ limit: 20, after: null });
  });

  it('bounds the page', () => {
    expect(pageFor('pageSize=100').limit).toBe(100);
    expect(pageFor('pageSize=1000000').limit).toBe(1000);
  });

  it('goes on where a token says', () => {
    const cursor = { createdAtMs: 1_767_225_600_000, key: `0x${'ab'.repeat(20)}` };
    expect(pageFor(`pageToken=${encodeCursor(cursor)}`).after).toEqual(cursor);
  });

  const token = (text: string) => `pageToken=${Buffer.from(text).toString('base64url')}`;
  it.each([
    'pageSize=0',
    'pageSize=',
    'pageSize=01',
    'pageSize=1e3',
    'pageSize=99999999999',
    'pageToken=!',
    token('5'),
    token(':0xab'),
    token('-1:0xab'),
    token('99999999999999999:0xab'),
    token('9007199254740993:0xab'),
    token("5:0xab' or 1=1"),
    token(`5:${'a'.repeat(65)}`),
  ])('refuses %s', (query) => {
    expect(() => pageFor(query)).toThrow(
      expect.objectContaining({ name: 'RequestError', code: 'INVALID_REQUEST' }),
    );
  });
});
