// Runs in browsers and in Node: the words are made and stretched where their owner sits, and nowhere else.
import { argon2idAsync } from '@noble/hashes/argon2.js';
import { generateMnemonic, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { isStrongEnough, MIN_STRETCHING, type Stretching } from '@strongroom/shared/recovery/stretching';
import { ClientError } from './client-error.ts';

const ENTROPY_BITS = 128;
const SEED_BYTES = 32;
const PROJECT_ID_BYTES = 32;

/** What new passphrases are stretched with. */
export const NEW_STRETCHING: Stretching = MIN_STRETCHING;

/** Twelve words of the English BIP-39 list: 128 bits of this machine's randomness and a checksum. */
export function makePassphrase(): string {
  return generateMnemonic(wordlist, ENTROPY_BITS);
}

/**
 * The words as they were made, whatever case and white space they were typed with.
 * @throws ClientError PASSPHRASE_INVALID when they are not twelve words of the list with a right checksum
 */
export function parsePassphrase(typed: string): string {
  const words = typed.normalize('NFKD').trim().toLowerCase().split(/\s+/);
  const passphrase = words.join(' ');
  if (words.length !== 12 || !validateMnemonic(passphrase, wordlist)) {
    throw new ClientError(
      'PASSPHRASE_INVALID',
      'These are not the twelve words: one is wrong, missing or misplaced.',
    );
  }
  return passphrase;
}

/**
 * Stretches a passphrase to the seed of the recovery key: Argon2id (RFC 9106, version 0x13), password = the words in UTF-8 with one
 * space between, salt = project id(32), 32 bytes.
 * @throws ClientError STRETCHING_REFUSED for costs below the least, so that no answer of a service can cheapen a guess
 */
export async function stretchPassphrase(
  passphrase: string,
  projectId: Uint8Array,
  stretching: Stretching,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!isStrongEnough(stretching) || projectId.length !== PROJECT_ID_BYTES)
    throw new ClientError('STRETCHING_REFUSED', 'The passphrase would be stretched too little or too much.');
  const { memoryKiB, passes, parallelism } = stretching;
  const password = new TextEncoder().encode(passphrase);
  const seed = await argon2idAsync(password, projectId, {
    m: memoryKiB,
    t: passes,
    p: parallelism,
    dkLen: SEED_BYTES,
  });
  password.fill(0);
  return Uint8Array.from(seed);
}
