import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integerFromNumberText, JsonNumber, toJsonValue } from './json-value.ts';
import { parseJson } from './parse-json.ts';

const parsedValue = (text: string) => toJsonValue(parseJson(new TextEncoder().encode(text)));

describe('toJsonValue', () => {
  it('makes __proto__ plain data of a prototype-less object', () => {
    const value = parsedValue('{"__proto__":{"admin":true},"constructor":1}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it.each([
    ['7', 7],
    ['-7', -7],
    ['-0', 0],
    ['9007199254740991', 9007199254740991],
  ])('reads %s as a number', (text, expected) => expect(parsedValue(text)).toBe(expected));

  it.each(['9007199254740992', '1.0', '1e3', '0.1', '-9007199254740993', '123456789012345678901234567890'])(
    'keeps %s as text',
    (text) => expect(parsedValue(text)).toEqual(new JsonNumber(text)),
  );
});

describe('integerFromNumberText', () => {
  it.each<[string, bigint | null]>([
    ['1e+21', 10n ** 21n],
    ['1E21', 10n ** 21n],
    ['-0', 0n],
    ['0e99999999999999999999', 0n],
    ['1.0', 1n],
    ['-1.50e1', -15n],
    ['100e-2', 1n],
    ['1000000000000000000', 10n ** 18n],
    [(2n ** 256n - 1n).toString(), 2n ** 256n - 1n],
    ['1.5', null],
    ['1e-1', null],
    ['10e-3', null],
    ['1e81', null],
    ['1e99999999999999999999', null],
    ['1e-99999999999999999999', null],
    ['1152921504606847000', null],
    ['1.2345678901234568e+25', null],
    ['1152921504606846976', 1152921504606846976n],
    ['1152921504606847001', 1152921504606847001n],
    ['0x10', null],
    ['', null],
  ])('%s', (text, expected) => expect(integerFromNumberText(text)).toBe(expected));

  it('reads every integer in decimal or exponent notation, unless JavaScript means another by it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 256n), max: 2n ** 256n }), fc.nat(20), (integer, shift) => {
        const text = integer.toString();
        const ambiguous = JSON.stringify(Number(text)) === text && BigInt(Number(text)) !== integer;
        expect(integerFromNumberText(text)).toBe(ambiguous ? null : integer);
        expect(integerFromNumberText(`${text}e${shift}`)).toBe(
          `${text}${'0'.repeat(shift)}`.replace('-', '').length > 80 && integer !== 0n
            ? null
            : integer * 10n ** BigInt(shift),
        );
      }),
    );
  });
});
