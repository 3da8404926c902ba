import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  X509Certificate,
} from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { certificatePem } from './certificate.ts';

/** A self-signed certificate with its P-384 key. */
export interface Authority {
  readonly certificate: Uint8Array;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * Opens the authority kept in `file` (key and certificate in PEM, mode 0600), making it when the file is absent.
 * Processes that start together end with the same authority: the first durable file wins.
 */
export function openStoredAuthority(
  file: string,
  selfSign: (key: { privateKey: KeyObject; publicKey: KeyObject }) => Uint8Array,
): Authority {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const stored = readAuthority(file);
  if (stored) return stored;
  storeNewAuthority(file, selfSign);
  return readAuthority(file) ?? unreadable(file);
}

function readAuthority(file: string): Authority | null {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const certificate = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')));
  const privateKey = createPrivateKey(pem);
  if (!certificate.checkPrivateKey(privateKey)) unreadable(file);
  return {
    certificate: Uint8Array.from(certificate.raw),
    privateKey,
    publicKey: createPublicKey(privateKey),
  };
}

function storeNewAuthority(
  file: string,
  selfSign: (key: { privateKey: KeyObject; publicKey: KeyObject }) => Uint8Array,
): void {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = `${key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}${certificatePem(selfSign(key))}`;
  createDurably(file, pem);
}

/** Creates `file` with mode 0600 and the whole content, or leaves the one that is there. */
function createDurably(file: string, content: string): void {
  const partial = `${file}.${randomUUID()}.partial`;
  writeFileSync(partial, content, { mode: 0o600, flush: true });
  try {
    linkSync(partial, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(partial);
  }
  const directory = openSync(dirname(file), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

function unreadable(file: string): never {
  throw new Error(`${file} does not hold a certificate with its key`);
}
