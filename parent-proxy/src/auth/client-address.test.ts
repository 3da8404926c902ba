import { describe, expect, it } from 'vitest';
import { createClientAddressOf } from './client-address.ts';

const incoming = (remoteAddress: string | undefined, forwardedFor?: string) => ({
  headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  socket: { remoteAddress },
});

describe('createClientAddressOf', () => {
  it('believes no header without a trusted proxy', () => {
    const addressOf = createClientAddressOf([]);
    expect(addressOf(incoming('203.0.113.9', '10.0.0.1'))).toBe('203.0.113.9');
    expect(addressOf(incoming(undefined, '10.0.0.1'))).toBeUndefined();
  });

  it('believes no header of a peer that is no trusted proxy', () => {
    const addressOf = createClientAddressOf(['10.0.0.0/8']);
    expect(addressOf(incoming('203.0.113.9', '198.51.100.1'))).toBe('203.0.113.9');
  });

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9 , 10.9.9.9,10.1.1.1', '203.0.113.9'],
    ['198.51.100.1, 2001:db8::1', '2001:db8::1'],
    ['198.51.100.1, nonsense', 'nonsense'],
    ['198.51.100.1,', ''],
    ['10.3.3.3', '10.0.0.1'],
  ])('takes of "%s" what the outermost trusted proxy wrote: %s', (forwardedFor, expected) => {
    const addressOf = createClientAddressOf(['10.0.0.0/8', '::1']);
    expect(addressOf(incoming('10.0.0.1', forwardedFor))).toBe(expected);
    expect(addressOf(incoming('::ffff:10.0.0.1', forwardedFor))).toBe(
      expected === '10.0.0.1' ? '::ffff:10.0.0.1' : expected,
    );
  });

  it('falls back to the proxy itself when it says nothing', () => {
    expect(createClientAddressOf(['10.0.0.0/8'])(incoming('10.0.0.1'))).toBe('10.0.0.1');
  });
});
