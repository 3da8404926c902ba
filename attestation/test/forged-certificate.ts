import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signCertificate } from '../scripts/forge/sign-certificate.ts';
import { encode, type Value } from '../scripts/forge/strict-cbor-writer.ts';

export type Fields = Readonly<Record<string, Value>>;

const identity = generateKeyPairSync('ed25519');
/** Raw Ed25519, 32 bytes, of a deployment of this run. */
export const IDENTITY_KEY = Uint8Array.from(
  identity.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
);
export const DEPLOYMENT_ID = createHash('sha256').update(IDENTITY_KEY).digest();

/** A certificate of these fields, by the deployment's key or by another. */
export function certificateOf(fields: Fields, key: KeyObject = identity.privateKey): Uint8Array {
  return signCertificate(encode(fields), key);
}

export const strangersKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
