import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { accountBody, createAccountBody, evmAccountBody, updateAccountBody } from './account-body.ts';

const POLICY = '123e4567-e89b-12d3-a456-426614174000';
const PROJECT_POLICY = '00000000-0000-4000-8000-000000000001';

describe('createAccountBody', () => {
  it.each([{}, { name: 'my-wallet' }, { name: 'ab', accountPolicy: POLICY }, { name: 'a'.repeat(36) }])(
    'accepts %j',
    (body) => expect(v.is(createAccountBody, body)).toBe(true),
  );

  it.each([
    { name: 'a' },
    { name: 'a'.repeat(37) },
    { name: '-ab' },
    { name: 'ab-' },
    { name: 'a b' },
    { name: 'ab\n' },
    { name: '' },
    { name: 5 },
    { name: null },
    { accountPolicy: '' },
    { accountPolicy: 'policy' },
    { unknown: true },
    [['name']],
    null,
  ])('refuses %j', (body) => expect(v.is(createAccountBody, body)).toBe(false));
});

describe('updateAccountBody', () => {
  it('takes an empty policy as the wish to detach it', () => {
    expect(v.is(updateAccountBody, { accountPolicy: '' })).toBe(true);
    expect(v.is(updateAccountBody, { accountPolicy: ' ' })).toBe(false);
  });
});

describe('accountBody', () => {
  const account = {
    address: `0x${'ab'.repeat(20)}`,
    name: null,
    policyId: null,
    createdAtMs: 0,
    updatedAtMs: 1,
  };

  it('omits a name that is not there and lists both policies', () => {
    const body = accountBody({ ...account, policyId: POLICY }, PROJECT_POLICY);
    expect(body).toEqual({
      address: account.address,
      policies: [PROJECT_POLICY, POLICY],
      createdAt: '1970-01-01T00:00:00.000Z',
      updatedAt: '1970-01-01T00:00:00.001Z',
    });
    expect(v.is(evmAccountBody, body)).toBe(true);
  });

  it('shows the name and no policies', () => {
    expect(accountBody({ ...account, name: 'my-wallet' }, null)).toMatchObject({
      name: 'my-wallet',
      policies: [],
    });
  });
});
