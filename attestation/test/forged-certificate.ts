import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { array, bstr, hex, map, tstr } from '../scripts/forge/cbor-writer.ts';
import { encode, type Value } from '../scripts/forge/strict-cbor-writer.ts';

export type Fields = Readonly<Record<string, Value>>;

const HEADER = hex('a10127');
const identity = generateKeyPairSync('ed25519');
/** Raw Ed25519, 32 bytes, of a deployment of this run. */
export const IDENTITY_KEY = Uint8Array.from(
  identity.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
);
export const DEPLOYMENT_ID = createHash('sha256').update(IDENTITY_KEY).digest();

/** COSE_Sign1 over fields, by the deployment's key or by another (RFC 9052 section 4.4). */
export function certificateOf(fields: Fields, key: KeyObject = identity.privateKey): Uint8Array {
  const payload = encode(fields);
  const signed = array(tstr('Signature1'), bstr(HEADER), bstr(Buffer.alloc(0)), bstr(payload));
  return array(bstr(HEADER), map(), bstr(payload), bstr(sign(null, signed, key)));
}

export const strangersKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
