import { describe, expect, it } from 'vitest';
import { EvmError } from './evm-error.ts';
import { parseHex, toHex } from './hex.ts';
import { decodeRlp, encodeRlp, type RlpItem } from './rlp.ts';

function outcome(bytes: Uint8Array): RlpItem | string {
  try {
    return decodeRlp(bytes);
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

const nested = (levels: number): RlpItem => (levels === 0 ? new Uint8Array(0) : [nested(levels - 1)]);
const many = (count: number): RlpItem => Array.from({ length: count }, () => new Uint8Array(0));

describe('RLP', () => {
  // From the Ethereum documentation of RLP.
  it.each<[string, RlpItem]>([
    ['0x83646f67', Buffer.from('dog')],
    ['0xc88363617483646f67', [Buffer.from('cat'), Buffer.from('dog')]],
    ['0x80', Uint8Array.of()],
    ['0xc0', []],
    ['0x00', Uint8Array.of(0)],
    ['0x0f', Uint8Array.of(15)],
    ['0x820400', Uint8Array.of(4, 0)],
    ['0xc7c0c1c0c3c0c1c0', [[], [[]], [[], [[]]]]],
  ])('encodes to %s', (hex, item) => {
    expect(toHex(encodeRlp(item))).toBe(hex);
    expect(toHex(encodeRlp(decodeRlp(parseHex(hex))))).toBe(hex);
  });

  it.each([55, 56, 255, 256, 65_535, 65_536, 100_000])('carries %i bytes', (length) => {
    const bytes = new Uint8Array(length).fill(7);
    expect(decodeRlp(encodeRlp(bytes))).toEqual(bytes);
  });

  it.each([
    ['nothing', '0x'],
    ['a byte below 0x80 with a head', '0x817f'],
    ['a long head for 55 bytes', `0xb837${'00'.repeat(55)}`],
    ['a long head for a short list', '0xf800'],
    ['a length with a leading zero', `0xb90038${'00'.repeat(56)}`],
    ['a string beyond the end', '0x8201'],
    ['a list beyond the end', '0xc201'],
    ['a string beyond its list', '0xc28201ff'],
    ['a length beyond the end', '0xb9'],
    ['a length of 2^32', `0xbc0100000000${'00'.repeat(64)}`],
    ['a length of 2^64 - 1', '0xbfffffffffffffffff'],
    ['a trailing byte', '0xc000'],
  ])('refuses %s', (_, hex) => expect(outcome(parseHex(hex))).toBe('MALFORMED_RLP'));

  it('decodes 8 levels and 16384 items, no more', () => {
    expect(outcome(encodeRlp(nested(8)))).toEqual(nested(8));
    expect(outcome(encodeRlp(nested(9)))).toBe('MALFORMED_RLP');
    expect(outcome(new Uint8Array(100_000).fill(0xf9))).toBe('MALFORMED_RLP');
    expect(outcome(encodeRlp(many(16_383)))).toEqual(many(16_383));
    expect(outcome(encodeRlp(many(16_384)))).toBe('MALFORMED_RLP');
  });
});
