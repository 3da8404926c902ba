import { randomBytes } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, getAddress, hashMessage } from 'viem';
import { publicKeyToAddress } from 'viem/utils';
import { describe, expect, it } from 'vitest';
import { addressFromPublicKey, checksumAddress, parseAddress } from './address.ts';
import { EvmError } from './evm-error.ts';
import { bytesToBigInt, parseHex, toHex } from './hex.ts';
import { personalMessageDigest } from './personal-message.ts';

function codeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

describe('addresses', () => {
  it('carry the EIP-55 checksum as in viem', () => {
    for (let i = 0; i < 200; i += 1) {
      const address = Uint8Array.from(randomBytes(20));
      expect(checksumAddress(address)).toBe(getAddress(bytesToHex(address)));
    }
  });

  it('are derived from the public key as in viem', () => {
    const publicKey = secp256k1.getPublicKey(randomBytes(32), false);
    expect(checksumAddress(addressFromPublicKey(publicKey))).toBe(publicKeyToAddress(bytesToHex(publicKey)));
  });

  // From EIP-55.
  it.each(['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359'])(
    'are read in any case, whatever the checksum: %s',
    (text) => {
      const flipped = text.replace(/[a-fA-F]/g, (c) =>
        c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase(),
      );
      for (const form of [text, text.toLowerCase(), flipped])
        expect(checksumAddress(parseAddress(form))).toBe(text);
    },
  );

  it.each([
    '',
    '0x',
    `0X${'a'.repeat(40)}`,
    'a'.repeat(40),
    `0x${'a'.repeat(39)}`,
    `0x${'a'.repeat(41)}`,
    `0x${'a'.repeat(39)}g`,
    `0x${'a'.repeat(40)}\n`,
    `0x${'a'.repeat(39)}\u0131`,
  ])('are refused otherwise: %j', (text) => expect(codeOf(() => parseAddress(text))).toBe('INVALID_ADDRESS'));

  it('need 20 bytes, and a public key 65', () => {
    expect(codeOf(() => checksumAddress(new Uint8Array(19)))).toBe('INVALID_ADDRESS');
    expect(codeOf(() => addressFromPublicKey(new Uint8Array(64)))).toBe('INVALID_PUBLIC_KEY');
    expect(codeOf(() => addressFromPublicKey(new Uint8Array(65).fill(2)))).toBe('INVALID_PUBLIC_KEY');
  });
});

describe('hex', () => {
  it('reads both cases and writes lower', () => {
    expect(toHex(parseHex('0x00aBFf'))).toBe('0x00abff');
    expect(parseHex('0x')).toEqual(new Uint8Array(0));
    expect(bytesToBigInt(parseHex('0x0100'))).toBe(256n);
    expect(bytesToBigInt(parseHex('0x'))).toBe(0n);
  });

  it.each(['', '0', 'ab', '0X00', '0x0', '0x0g', '0x00\n', ' 0x00', '0x\u0130\u0131', '0x0x', '-0x00'])(
    'refuses %j',
    (text) => {
      expect(codeOf(() => parseHex(text))).toBe('INVALID_HEX');
    },
  );
});

describe('personalMessageDigest', () => {
  it.each(['', 'hi', '0x48656c6c6f', 'héllo 😀\0', 'a'.repeat(10_000)])('equals viem: %j', (text) => {
    expect(toHex(personalMessageDigest(text))).toBe(hashMessage(text));
  });

  it('refuses a lone surrogate', () => {
    expect(codeOf(() => personalMessageDigest('\ud83d'))).toBe('INVALID_TEXT');
  });
});
