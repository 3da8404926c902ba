import { describe, expect, it } from 'vitest';
import { codeOf } from '../test/code-of.ts';
import { hex } from '../test/corpus.ts';
import { assertDer } from './der.ts';

const verdict = (bytes: Uint8Array<ArrayBuffer>): Promise<string> => codeOf(() => assertDer(bytes));

describe('strict DER', () => {
  const valid = {
    '3000': 'empty sequence',
    '3003020100': 'zero',
    '300302017f': 'positive integer',
    '30030201ff': 'negative integer',
    '300402020080': 'integer with a needed zero',
    '30030101ff': 'true',
    '3003010100': 'false',
    '3004030206c0': 'bit string with unused bits',
    '3003030100': 'empty bit string',
    '300506032a0304': 'object identifier',
    '3006060488370101': 'object identifier in two digits of base 128',
    a000: 'empty explicit tag',
  };
  for (const [digits, reason] of Object.entries(valid))
    it(`accepts ${reason}`, async () => expect(await verdict(hex(digits))).toBe('accepted'));

  const invalid = {
    '': 'nothing',
    '30': 'no length',
    '3001': 'no content',
    '3080': 'indefinite length',
    '30800000': 'indefinite length with its end',
    '308100': 'length 0 in two bytes',
    '30820080': 'length 128 in three bytes',
    '30830000': 'length in four bytes',
    '300000': 'a byte after it',
    '30020500ff': 'a byte after it, not zero',
    '3004020100': 'inner element beyond its parent',
    '30020200': 'integer without content',
    '300402020001': 'integer with a zero too many',
    '30040202ff80': 'negative integer with a byte too many',
    '3003010101': 'boolean 01',
    '300401020000': 'boolean of two bytes',
    '3004030207c0': 'bit string with unused bits that are set',
    '3004030208c0': 'bit string with 8 unused bits',
    '3003030101': 'empty bit string with an unused bit',
    '30020300': 'bit string without its first byte',
    '30020600': 'object identifier without content',
    '3003060180': 'object identifier that does not end',
    '3005060380012a': 'object identifier with a leading zero digit',
    '10020500': 'primitive sequence',
    '22020500': 'constructed integer',
    '24020400': 'constructed octet string',
    '1f0100': 'long tag number',
    bf8101020500: 'long context tag',
    '0000': 'end of contents',
  };
  for (const [digits, reason] of Object.entries(invalid))
    it(`refuses ${reason}`, async () => expect(await verdict(hex(digits))).toBe('X509_DER'));

  it('is bounded in depth, not by the call stack', async () => {
    let nested = hex('3000');
    for (let level = 0; level < 10; level += 1)
      nested = hex(`30${nested.length.toString(16).padStart(2, '0')}`.concat(toHex(nested)));
    expect(await verdict(nested)).toBe('accepted');
    expect(await verdict(hex(`30${nested.length.toString(16).padStart(2, '0')}${toHex(nested)}`))).toBe(
      'X509_DER',
    );
    expect(await verdict(new Uint8Array(60_000).fill(0x30))).toBe('X509_DER');
  });
});

const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
