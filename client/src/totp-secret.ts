import { constants, createHmac, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;
const LABEL = Buffer.from('strongroom/totp-secret/v1');

/** A new secret for an authenticator app, 20 bytes (RFC 4226 section 4, R6). */
export function makeTotpSecret(): Uint8Array {
  return randomBytes(20);
}

/** RFC 4648 base32 without padding, as authenticator apps take it. */
export function base32Of(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => ALPHABET[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('');
}

/** The URI that authenticator apps read from a QR code. */
export function totpUri(secret: Uint8Array, projectId: Uint8Array): string {
  const account = Buffer.from(projectId).toString('hex').slice(0, 16);
  return `otpauth://totp/Strongroom:${account}?secret=${base32Of(secret)}&issuer=Strongroom`;
}

/** The code of a moment (RFC 6238, HMAC-SHA-1, six digits, 30 seconds). */
export function totpCodeAt(secret: Uint8Array, timeMs: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(timeMs / STEP_MS)));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const at = (digest[19] as number) & 0x0f;
  return String((digest.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** Encrypts the secret to the project's verified import key: RSA-OAEP, SHA-256, label "strongroom/totp-secret/v1" || project id(32). */
export function encryptTotpSecret(secret: Uint8Array, publicKey: KeyObject, projectId: Uint8Array): Buffer {
  return publicEncrypt(
    {
      key: publicKey,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
      oaepLabel: Buffer.concat([LABEL, projectId]),
    },
    secret,
  );
}
