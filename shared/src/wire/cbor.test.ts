import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts';

interface InvalidCase {
  readonly hex: string;
  readonly code: string;
  readonly why: string;
}
const invalid = JSON.parse(
  readFileSync(new URL('../../../vectors/protocol/cbor-invalid.json', import.meta.url), 'utf8'),
) as InvalidCase[];

describe('strict CBOR', () => {
  it.each(invalid)('refuses $hex ($why)', ({ hex, code }) => {
    expect(() => decodeCbor(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1affffffff', 0xffff_ffff],
    ['1b0000000100000000', 0x1_0000_0000],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['40', new Uint8Array(0)],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['64f0908591', '\u{10151}'],
    ['80', []],
    ['a0', {}],
    ['826161a161626163', ['a', { b: 'c' }]],
    ['a361610161620262616103', { aa: 3, b: 2, a: 1 }],
  ] as const)('%s is %j', (hex, value) => {
    expect(Buffer.from(encodeCbor(value as CborValue)).toString('hex')).toBe(hex);
    const decoded = decodeCbor(Buffer.from(hex, 'hex'));
    expect(Buffer.from(encodeCbor(decoded)).toString('hex')).toBe(hex);
    if (value instanceof Uint8Array) expect(Buffer.compare(decoded as Uint8Array, value)).toBe(0);
    else expect(decoded).toEqual(value);
  });

  it.each([
    [-1],
    [1.5],
    [Number.NaN],
    [2 ** 53],
    ['\ud800'],
    [new Date(0)],
    [new Map()],
    [{ 1: 1 }],
    [{ é: 1 }],
    [JSON.parse('{"__proto__":1}')],
    [{ a: undefined }],
    [1n],
  ])('does not encode %s', (value) => {
    expect(() => encodeCbor(value as CborValue)).toThrow(
      expect.objectContaining({ code: 'CBOR_NOT_ENCODABLE' }),
    );
  });

  it.each([
    ['bytes', new Uint8Array(100_000).fill(7)],
    ['ASCII text of 63, 64 and 20,000 units', ['a'.repeat(63), 'b'.repeat(64), 'c'.repeat(20_000)]],
    ['other text of the same lengths', ['é'.repeat(63), '漢'.repeat(64), '😀'.repeat(10_000)]],
    ['names of 23, 24 and 64 letters', { ['a'.repeat(23)]: 1, ['b'.repeat(24)]: 2, ['c'.repeat(64)]: 3 }],
    ['many items', Array.from({ length: 20_000 }, (_, index) => index)],
  ] as const)('decodes what it encodes: %s', (_, value) => {
    const decoded = decodeCbor(encodeCbor(value as CborValue));
    if (value instanceof Uint8Array) expect(Buffer.compare(decoded as Uint8Array, value)).toBe(0);
    else expect(decoded).toEqual(value);
  });

  it('is whole again after a value that it refused', () => {
    expect(() => encodeCbor({ a: 'text', b: 1.5 })).toThrow();
    expect(Buffer.from(encodeCbor([7])).toString('hex')).toBe('8107');
  });

  it('keeps no state between messages', () => {
    const recordDefinition = Buffer.from('d9dfff8361618101', 'hex');
    expect(() => decodeCbor(recordDefinition)).toThrow();
    expect(decodeCbor(Buffer.from('8107', 'hex'))).toEqual([7]);
  });
});
