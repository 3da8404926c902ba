import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { derSignature } from './ecdsa-signature.ts';

const zeros = (count: number) => new Uint8Array(count);
const bytes = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

describe('derSignature', () => {
  it('puts a zero byte before a leading one bit and takes leading zeros away', () => {
    const r = bytes(zeros(31), Uint8Array.of(0x80));
    const s = bytes(zeros(30), Uint8Array.of(0x01, 0x02));
    expect(derSignature(bytes(r, s))).toEqual(Uint8Array.of(0x30, 8, 2, 2, 0, 0x80, 2, 2, 1, 2));
  });

  it('keeps one byte of a zero and all bytes of the largest integers', () => {
    const der = derSignature(bytes(zeros(32), new Uint8Array(32).fill(0xff)));
    expect(der).toEqual(bytes(Uint8Array.of(0x30, 38, 2, 1, 0, 2, 33, 0), new Uint8Array(32).fill(0xff)));
  });

  it.each([0, 63, 65, 70])('refuses %i bytes', (length) => {
    expect(derSignature(zeros(length))).toBeNull();
  });

  it('verifies as the signature that it was', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (let i = 0; i < 300; i += 1) {
      const message = Buffer.from(`message ${i}`);
      const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(verify('sha256', message, publicKey, derSignature(signature) ?? zeros(0))).toBe(true);
    }
  });
});
