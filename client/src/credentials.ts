import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';

export type ApiKeyAlgorithm = 'EdDSA' | 'ES256';

/** An API key in the form of the CDP SDK. */
export interface ApiKey {
  readonly id: string;
  readonly algorithm: ApiKeyAlgorithm;
  /** EdDSA: base64 of Ed25519 seed(32) || public key(32); ES256: PKCS#8 PEM of a P-256 key. */
  readonly secret: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

/** A Wallet Secret in the form of the CDP SDK. */
export interface WalletSecret {
  /** base64 of PKCS#8 DER of a P-256 key. */
  readonly secret: string;
  /** SubjectPublicKeyInfo, DER, 91 bytes. */
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

/** Makes an API key, by default of Ed25519; only its public part ever leaves this machine. */
export function makeApiKey(algorithm: ApiKeyAlgorithm = 'EdDSA', id: string = randomUUID()): ApiKey {
  const { publicKey, privateKey } =
    algorithm === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return { id, algorithm, secret: secretOf(algorithm, privateKey), publicKey: spki, privateKey };
}

function secretOf(algorithm: ApiKeyAlgorithm, key: KeyObject): string {
  if (algorithm === 'ES256') return key.export({ format: 'pem', type: 'pkcs8' }).toString();
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]).toString('base64');
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
