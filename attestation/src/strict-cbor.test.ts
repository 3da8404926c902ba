import { describe, expect, it } from 'vitest';
import { codeOf } from '../test/code-of.ts';
import { hex } from '../test/corpus.ts';
import { decodeStrictCbor } from './strict-cbor.ts';

describe('strict CBOR', () => {
  it('decodes every kind of value', () => {
    const value = decodeStrictCbor(
      hex(
        'a7' +
          '6161' +
          '00' +
          '6162' +
          'f5' +
          '6163' +
          'f6' +
          '6164' +
          '4101' +
          '6165' +
          '62c3a9' +
          '6166' +
          '8201820203' +
          '626161' +
          'a0',
      ),
    );
    const map = value as ReadonlyMap<string, unknown>;
    expect([...map.keys()]).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'aa']);
    expect([map.get('a'), map.get('b'), map.get('c'), map.get('e')]).toEqual([0, true, null, 'é']);
    expect(map.get('d')).toEqual(Uint8Array.of(1));
    expect(map.get('f')).toEqual([1, [2, 3]]);
    expect((map.get('aa') as Map<string, unknown>).size).toBe(0);
  });

  it('decodes scalars and empty collections at the top', () => {
    expect([
      decodeStrictCbor(hex('1b001fffffffffffff')),
      decodeStrictCbor(hex('f4')),
      decodeStrictCbor(hex('60')),
    ]).toEqual([2 ** 53 - 1, false, '']);
    expect(decodeStrictCbor(hex('80'))).toEqual([]);
  });

  it('takes __proto__ for what it is: no key', async () => {
    expect(await codeOf(() => decodeStrictCbor(hex('a1695f5f70726f746f5f5ff6')))).toBe('CBOR_KEY');
  });

  const refused = {
    CBOR_TRUNCATED: ['', '81', 'a1', 'a16161', '41', '5affffffff', '9a00010000'],
    CBOR_TRAILING_BYTES: ['0000', '8000', 'a0f6'],
    CBOR_NON_MINIMAL: ['1817', '190018', '1a00000001', '1b0000000000000001', '5800', '9800', 'b800'],
    CBOR_INDEFINITE_LENGTH: ['9fff', 'bfff', '819fff'],
    CBOR_CHUNKED_STRING: ['5fff', '7fff'],
    CBOR_RESERVED: ['1c', '3d', '5e', 'fc', '1f', '3f'],
    CBOR_UNEXPECTED_BREAK: ['ff', '81ff'],
    CBOR_TAG: ['c000', 'd81800'],
    CBOR_FLOAT: ['f90000', 'fa00000000', 'fb0000000000000000'],
    CBOR_SIMPLE_VALUE: ['f7', 'e0', 'f820'],
    CBOR_INTEGER_RANGE: ['1b0020000000000000', '1bffffffffffffffff'],
    CBOR_NEGATIVE: ['20', '8138ff'],
    CBOR_INVALID_UTF8: ['61ff', '62c328', '63eda080'],
    CBOR_DUPLICATE_KEY: ['a2616100616100'],
    CBOR_KEY: ['a10000', 'a14000', 'a16000', 'a1613000', 'a1815f', `a17841${'61'.repeat(65)}00`],
    CBOR_KEY_ORDER: ['a2616200616100', 'a262616100616200'],
    CBOR_TOO_DEEP: [`${'81'.repeat(17)}00`, '81'.repeat(5000)],
  };
  for (const [code, inputs] of Object.entries(refused)) {
    it(`refuses with ${code}`, async () => {
      for (const input of inputs)
        expect([input, await codeOf(() => decodeStrictCbor(hex(input)))]).toEqual([input, code]);
    });
  }

  it('allows 16 levels', () => {
    expect(Array.isArray(decodeStrictCbor(hex(`${'81'.repeat(16)}00`)))).toBe(true);
  });
});
