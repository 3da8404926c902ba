import { keccak_256 } from '@noble/hashes/sha3.js';
import { EvmError } from './evm-error.ts';

/**
 * Returns the 32-byte digest of a text message (EIP-191 version 0x45, "personal_sign"):
 * keccak-256 of "\x19Ethereum Signed Message:\n", the decimal length in bytes, and the text as UTF-8.
 * The text is always text: "0x48" is four characters.
 * @throws INVALID_TEXT when it holds a lone surrogate, which has no UTF-8 form
 */
export function personalMessageDigest(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new EvmError('INVALID_TEXT');
  const message = Buffer.from(text, 'utf8');
  return keccak_256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${message.length}`), message]));
}
