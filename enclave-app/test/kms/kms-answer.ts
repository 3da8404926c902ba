// KMS's answer, built part by part, so that tests can make each part wrong.
import { Buffer } from 'node:buffer';
import {
  constants,
  createCipheriv,
  generateKeyPairSync,
  hash,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { decryptEnvelopedData, type EnvelopedDataRecipient } from '../../src/kms/enveloped-data.ts';

export const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Code of the refusal, or `accepted`. */
export function codeOf(ber: Uint8Array, recipient: EnvelopedDataRecipient): string {
  try {
    decryptEnvelopedData(ber, recipient);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'accepted';
}

const keyPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const OWN: EnvelopedDataRecipient = {
  privateKey: keyPair.privateKey,
  publicKeySpki: keyPair.publicKey.export({ type: 'spki', format: 'der' }),
};
export const PLAINTEXT = randomBytes(32);
export const CEK = randomBytes(32);
export const IV = randomBytes(16);

export const tlv = (tag: string, ...contents: Uint8Array[]) => {
  const content = Buffer.concat(contents);
  const length =
    content.length < 128
      ? [content.length]
      : content.length < 256
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([hex(tag), Uint8Array.from(length), content]);
};
export const open = (tag: string, ...contents: Uint8Array[]) =>
  Buffer.concat([hex(tag), hex('80'), ...contents, hex('0000')]);
export const rsa = (key: Uint8Array, oaepHash = 'sha256') =>
  publicEncrypt({ key: keyPair.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, key);
export const aes = (key: Uint8Array, plaintext: Uint8Array, padding = true) => {
  const cipher = createCipheriv(key.length === 32 ? 'aes-256-cbc' : 'aes-128-cbc', key, IV).setAutoPadding(
    padding,
  );
  return Buffer.concat([cipher.update(plaintext), cipher.final()]);
};

export const SHA_256 = '300d06096086480165030402010500';
const defaults = {
  wrap: open,
  contentType: '06092a864886f70d010703',
  version: '020102',
  beforeRecipients: '',
  recipientTag: '30',
  recipientVersion: '020102',
  rid: tlv('80', hash('sha256', OWN.publicKeySpki, 'buffer')),
  keyAlgorithm: `303c06092a864886f70d010107302fa00f${SHA_256}a11c301a06092a864886f70d010108${SHA_256}`,
  encryptedKey: tlv('04', rsa(CEK)),
  secondRecipient: false,
  afterRecipient: '',
  innerType: '06092a864886f70d010701',
  contentAlgorithm: '060960864801650304012a',
  iv: tlv('04', IV),
  afterIv: '',
  content: open('a0', tlv('04', aes(CEK, PLAINTEXT))),
  afterContent: '',
  trailing: '',
};

/** The answer that KMS would give, with some parts replaced. */
export function answer(change: Partial<typeof defaults> = {}): Buffer {
  const p = { ...defaults, ...change };
  const recipient = tlv(
    p.recipientTag,
    hex(p.recipientVersion),
    p.rid,
    hex(p.keyAlgorithm),
    p.encryptedKey,
    hex(p.afterRecipient),
  );
  const algorithm = tlv('30', hex(p.contentAlgorithm), p.iv, hex(p.afterIv));
  const contentInfo = p.wrap('30', hex(p.innerType), algorithm, p.content, hex(p.afterContent));
  const recipients = tlv('31', recipient, ...(p.secondRecipient ? [recipient] : []));
  const enveloped = p.wrap('30', hex(p.version), hex(p.beforeRecipients), recipients, contentInfo);
  return Buffer.concat([p.wrap('30', hex(p.contentType), p.wrap('a0', enveloped)), hex(p.trailing)]);
}
