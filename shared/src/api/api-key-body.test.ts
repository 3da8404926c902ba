import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { addApiKeyBody } from './api-key-body.ts';

const body = (allowedIps: readonly string[]) => ({
  id: 'organization/key',
  algorithm: 'EdDSA',
  publicKey: 'AAAA',
  scopes: ['read'],
  proof: 'AAAA',
  allowedIps,
});

describe('addresses that an API key may be used from', () => {
  it.each([
    '192.0.2.1',
    '10.0.0.0/8',
    '10.0.0.0/32',
    '2001:db8::1',
    '2001:db8::/32',
    '::ffff:192.0.2.1',
    '::/0',
    'fe80::/128',
  ])('may be %s', (entry) => {
    expect(v.is(addApiKeyBody, body([entry]))).toBe(true);
  });

  it.each(['10.0.0.0/33', '10.0.0/8', '2001:db8::/129', 'example.com', '10.0.0.1/', '1234', '', '::1/8/8'])(
    'may not be %j',
    (entry) => {
      expect(v.is(addApiKeyBody, body([entry]))).toBe(false);
    },
  );
});
