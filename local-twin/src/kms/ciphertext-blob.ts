// TRUST BOUNDARY: ciphertext blobs, from whoever asks to decrypt.
import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { KmsException } from './kms-exception.ts';

/** Non-secret name-value pairs that a ciphertext is bound to. */
export type EncryptionContext = Readonly<Record<string, string>>;

const FORMAT = 1;
const ARN_AT = 3;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts under a key of the simulated HSM: format(1) || ARN length(2, big-endian) || key ARN || IV(12) || ciphertext || tag(16).
 * AES-256-GCM with the header and the encryption context as associated data.
 */
export function encryptBlob(
  key: KeyObject,
  keyArn: string,
  context: EncryptionContext,
  plaintext: Uint8Array,
): Uint8Array {
  const header = headerOf(keyArn);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associatedData(header, context));
  return Uint8Array.from(
    Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]),
  );
}

/** Reads which key a blob was made under, before it is known to be genuine. Null for bytes that are no blob. */
export function keyArnOfBlob(untrustedBlob: Uint8Array): string | null {
  const blob = Buffer.from(untrustedBlob);
  if (blob.length < ARN_AT || blob[0] !== FORMAT) return null;
  const length = blob.readUInt16BE(1);
  if (blob.length < ARN_AT + length + IV_BYTES + TAG_BYTES) return null;
  return blob.toString('utf8', ARN_AT, ARN_AT + length);
}

/**
 * Decrypts a blob made under this key with the same encryption context.
 * @throws KmsException InvalidCiphertextException for every other
 */
export function decryptBlob(
  key: KeyObject,
  keyArn: string,
  context: EncryptionContext,
  untrustedBlob: Uint8Array,
): Uint8Array {
  const header = headerOf(keyArn);
  const sealed = untrustedBlob.subarray(header.length);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(associatedData(header, context))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    return Uint8Array.from(
      Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]),
    );
  } catch (cause) {
    throw new KmsException('InvalidCiphertextException', null, { cause });
  }
}

function headerOf(keyArn: string): Buffer {
  const arn = Buffer.from(keyArn, 'utf8');
  const header = Buffer.alloc(ARN_AT);
  header[0] = FORMAT;
  header.writeUInt16BE(arn.length, 1);
  return Buffer.concat([header, arn]);
}

/** Pairs in code unit order: KMS disregards their order. */
function associatedData(header: Uint8Array, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([header, Buffer.from(JSON.stringify(pairs), 'utf8')]);
}
