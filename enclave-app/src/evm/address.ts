// TRUST BOUNDARY: addresses in paths, bodies and policies, from the client through the hostile parent.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { EvmError } from './evm-error.ts';
import { digitsOf, parseHex } from './hex.ts';

const addressText = /^0x[0-9a-fA-F]{40}$/;

/**
 * Decodes an address to 20 bytes. Any case is accepted, a wrong EIP-55 checksum too: clients of CDP send such.
 * @throws INVALID_ADDRESS unless "0x" and 40 hex digits
 */
export function parseAddress(text: string): Uint8Array {
  if (!addressText.test(text)) throw new EvmError('INVALID_ADDRESS');
  return parseHex(text);
}

/**
 * Writes 20 bytes with the EIP-55 checksum.
 * @throws INVALID_ADDRESS for another length
 */
export function checksumAddress(address: Uint8Array): string {
  if (address.length !== 20) throw new EvmError('INVALID_ADDRESS');
  const digits = digitsOf(address);
  const digest = keccak_256(Buffer.from(digits, 'latin1'));
  let text = '0x';
  for (let i = 0; i < digits.length; i += 1) {
    const nibble = ((digest[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 0x0f;
    const digit = digits[i] as string;
    text += nibble >= 8 ? digit.toUpperCase() : digit;
  }
  return text;
}

/**
 * Derives the 20-byte address: the last 20 bytes of keccak-256 of x || y.
 * @param publicKey uncompressed secp256k1 point, 65 bytes 04 || x || y
 * @throws INVALID_PUBLIC_KEY for another form; whether the point is on the curve is not checked
 */
export function addressFromPublicKey(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== 65 || publicKey[0] !== 4) throw new EvmError('INVALID_PUBLIC_KEY');
  return keccak_256(publicKey.subarray(1)).slice(12);
}
