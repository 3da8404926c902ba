// TRUST BOUNDARY: hex fields of request bodies, from the client through the hostile parent.
import { EvmError } from './evm-error.ts';

// Checked before decoding: Node's hex decoder takes the low byte of a character, so that U+0130 would read as "0".
const hexText = /^0x[0-9a-fA-F]*$/;

/**
 * Decodes "0x" and an even number of hex digits of any case; the prefix is lower-case and required.
 * @throws INVALID_HEX otherwise
 */
export function parseHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !hexText.test(text)) throw new EvmError('INVALID_HEX');
  const bytes = new Uint8Array(text.length / 2 - 1);
  Buffer.from(bytes.buffer).write(text.slice(2), 'hex');
  return bytes;
}

/** Encodes as "0x" and lower-case digits. */
export function toHex(bytes: Uint8Array): string {
  return `0x${digitsOf(bytes)}`;
}

/** Reads bytes as an unsigned big-endian integer; no bytes are 0. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** Lower-case digits without a prefix. */
export function digitsOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
