import { type ChainFamily, publicKeyOf } from '@strongroom/client/account-transfer';
import { UsageError } from '../framework/usage-error.ts';
import { readSecretFile } from '../framework/values.ts';

const KEY_BYTES = 32;
const KEYPAIR_BYTES = 64;

/** How a key is kept in a file: EVM as 0x and 64 hex digits, Solana as the 64 numbers of `solana-keygen`. */
export function formatAccountKey(family: ChainFamily, key: Uint8Array): string {
  const content =
    family === 'evm'
      ? `0x${Buffer.from(key).toString('hex')}`
      : JSON.stringify([...key, ...publicKeyOf('solana', key)]);
  return `${content}\n`;
}

/** @returns 32 bytes @throws UsageError, which quotes nothing of the file */
export function readAccountKey(family: ChainFamily, path: string): Uint8Array {
  const content = readSecretFile(path).trim();
  const key = family === 'evm' ? fromHex(content) : fromKeypair(content);
  if (key !== null) return key;
  throw new UsageError(
    family === 'evm'
      ? `${path} does not hold 64 hex digits.`
      : `${path} does not hold the 64 numbers that solana-keygen writes.`,
  );
}

function fromHex(content: string): Uint8Array | null {
  const [, digits] = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(content) ?? [];
  return digits === undefined ? null : Uint8Array.from(Buffer.from(digits, 'hex'));
}

function fromKeypair(content: string): Uint8Array | null {
  if (!/^\[[\d,\s]+\]$/.test(content)) return null;
  let numbers: unknown;
  try {
    numbers = JSON.parse(content);
  } catch {
    return null;
  }
  if (!Array.isArray(numbers) || numbers.length !== KEYPAIR_BYTES || numbers.some((one) => one > 255))
    return null;
  const bytes = Uint8Array.from(numbers);
  const key = bytes.slice(0, KEY_BYTES);
  return Buffer.compare(publicKeyOf('solana', key), bytes.slice(KEY_BYTES)) === 0 ? key : null;
}
