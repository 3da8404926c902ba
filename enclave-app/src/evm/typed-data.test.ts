import { JsonNumber } from '@strongroom/shared/json/json-value';
import { describe, expect, it } from 'vitest';
import { EvmError } from './evm-error.ts';
import { toHex } from './hex.ts';
import { hashTypedData, parseTypedData } from './typed-data.ts';

const mail = {
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};

function outcome(value: unknown): string {
  try {
    return toHex(hashTypedData(parseTypedData(value)));
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

const one = (type: string, value: unknown, types: object = {}) => ({
  types: { EIP712Domain: [], P: [{ name: 'x', type }], ...types },
  primaryType: 'P',
  message: { x: value },
});

describe('hashTypedData', () => {
  it('gives the digest that EIP-712 prints for its example', () => {
    expect(outcome(mail)).toBe('0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2');
  });

  it('signs the domain alone when it is the primary type', () => {
    const domainOnly = { ...mail, primaryType: 'EIP712Domain' };
    expect(parseTypedData(domainOnly).message).toBeNull();
    expect(outcome({ ...domainOnly, message: undefined })).toBe(outcome(domainOnly));
  });

  it('hands out what it hashes and nothing else', () => {
    const { domain, message } = parseTypedData({
      ...mail,
      domain: { ...mail.domain, salt: 'no field of the type' },
    });
    expect([...domain.fields.keys()]).toEqual(['name', 'version', 'chainId', 'verifyingContract']);
    expect(domain.fields.get('chainId')).toEqual({ kind: 'integer', value: 1n });
    expect(message?.fields.get('contents')).toEqual({ kind: 'string', value: 'Hello, Bob!' });
  });

  it.each([
    ['1', 1],
    ['1', 1n],
    ['1', '0x1'],
    ['1', '0x01'],
    ['1', '01'],
    ['1', new JsonNumber('1.0')],
    ['1000000000000000000000', new JsonNumber('1e+21')],
  ])('reads the integer %s from %o', (decimal, value) => {
    expect(outcome(one('uint256', value))).toBe(outcome(one('uint256', decimal)));
  });

  it('counts a chain id in a string when the domain type is left out', () => {
    const { EIP712Domain: _, ...types } = mail.types;
    expect(outcome({ ...mail, types, domain: { ...mail.domain, chainId: '1' } })).toBe(outcome(mail));
  });

  const wide = Object.fromEntries(
    Array.from({ length: 70 }, (_, i) => [`T${i}`, i === 69 ? [] : [{ name: 'x', type: `T${i + 1}[]` }]]),
  );
  const longTexts = {
    Q: Array.from({ length: 400 }, (_, i) => ({ name: `${i}${'x'.repeat(40)}`, type: 'bool' })),
  };
  let deep: unknown = [];
  for (let i = 0; i < 100; i += 1) deep = [{ x: deep }];
  it.each<[string, unknown]>([
    ['more than 64 structs', one('T0[]', [], wide)],
    ['more than 16384 characters of types', one('Q[]', [], longTexts)],
    ['array types beyond 16 levels', one(`uint8${'[]'.repeat(17)}`, [])],
    ['values beyond 64 levels', one('P[]', deep, { P: [{ name: 'x', type: 'P[]' }] })],
    [
      'too many values',
      one(
        'uint8[]',
        Array.from({ length: 20_000 }, () => 1),
      ),
    ],
    ['an unsafe plain number', one('uint256', 2 ** 60)],
    ['a bigint out of range', one('uint8', 256n)],
    ['a lone surrogate', one('string', '\ud83d')],
    ['an inherited member', one('string', undefined, { P: [{ name: 'toString', type: 'string' }] })],
    [
      'an inherited object',
      one('bool', true, {
        P: [
          { name: 'x', type: 'bool' },
          { name: '__proto__', type: 'Q' },
        ],
        Q: [],
      }),
    ],
    ['an inherited type', one('constructor', {})],
    ['__proto__ as a type', one('__proto__', {})],
  ])('refuses %s', (_, value) => expect(outcome(value)).toBe('INVALID_TYPED_DATA'));
});
