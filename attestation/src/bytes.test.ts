import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  equalBytes,
  isAllZero,
  isBytes,
} from './bytes.ts';

describe('bytes', () => {
  it('are equal when they are the same, whatever their memory', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(0, 1, 2).subarray(1))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });

  it('compare as big-endian numbers', () => {
    expect(compareBytes(Uint8Array.of(1, 255), Uint8Array.of(2, 0)) < 0).toBe(true);
    expect(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(0);
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0).toBe(true);
  });

  it('are zero only when all are', () => {
    expect([isAllZero(new Uint8Array(48)), isAllZero(Uint8Array.of(0, 1))]).toEqual([true, false]);
  });

  it('are a Uint8Array and nothing like it', () => {
    expect([new Uint8Array(1), new Uint8Array(0)].every(isBytes)).toBe(true);
    expect(
      [new Int8Array(1), new DataView(new ArrayBuffer(1)), [1], 'a', null, { length: 1 }].some(isBytes),
    ).toBe(false);
  });

  it('are written in hexadecimal and read back, in either case', () => {
    expect(encodeHex(Uint8Array.of(0, 171, 255))).toBe('00abff');
    expect(encodeHex(decodeHex('00ABff')!)).toBe('00abff');
    for (const text of ['0', '0g', ' 00', '00\n', '0x00']) expect(decodeHex(text)).toBe(null);
  });

  it('have one base64 text', () => {
    for (const length of [0, 1, 2, 3, 48]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
      expect(encodeHex(decodeBase64(encodeBase64(bytes))!)).toBe(encodeHex(bytes));
    }
    for (const text of ['A', 'AB', 'ABC', 'AB=', 'AA=A', 'A-_A', 'AAAA\n', 'AB==', 'AAB='])
      expect(decodeBase64(text)).toBe(null);
  });
});
