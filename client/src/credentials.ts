import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';

/** An API key in the form of the CDP SDK. */
export interface ApiKey {
  readonly id: string;
  /** base64 of Ed25519 seed(32) || public key(32). */
  readonly secret: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** A Wallet Secret in the form of the CDP SDK. */
export interface WalletSecret {
  /** base64 of PKCS#8 DER of a P-256 key. */
  readonly secret: string;
  /** SubjectPublicKeyInfo, DER, 91 bytes. */
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

/** Makes an Ed25519 API key; only its public part ever leaves this machine. */
export function makeApiKey(): ApiKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const secret = Buffer.concat([Buffer.from(d ?? '', 'base64url'), Buffer.from(x ?? '', 'base64url')]);
  return {
    id: randomUUID(),
    secret: secret.toString('base64'),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
  };
}

/** Makes a P-256 Wallet Secret; only its public part ever leaves this machine. */
export function makeWalletSecret(): WalletSecret {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
    privateKey,
  };
}

/** The public key of a private one, SubjectPublicKeyInfo DER. */
export function publicKeyOf(privateKey: KeyObject): Uint8Array {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
}
