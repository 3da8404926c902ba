import { Buffer } from 'node:buffer';
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  publicEncrypt,
} from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  aes,
  answer,
  CEK,
  codeOf,
  hex,
  IV,
  OWN,
  open,
  PLAINTEXT,
  rsa,
  SHA_256,
  tlv,
} from '../../test/kms/kms-answer.ts';
import { decryptEnvelopedData, type EnvelopedDataRecipient, parseEnvelopedData } from './enveloped-data.ts';

const VECTORS = new URL('../../../vectors/cms/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, VECTORS));

function recipientOf(privateKeyPem: string | Buffer): EnvelopedDataRecipient {
  const privateKey = createPrivateKey(privateKeyPem);
  return { privateKey, publicKeySpki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
}

describe('real answers of KMS', () => {
  const names = readdirSync(VECTORS)
    .filter((name) => name.endsWith('.der'))
    .map((name) => name.slice(0, -4));

  it.each(names.filter((name) => readdirSync(VECTORS).includes(`${name}.key.pem`)))(
    '%s opens with its key',
    (name) => {
      const { plaintextHex } = JSON.parse(read(`${name}.json`).toString());
      const plaintext = decryptEnvelopedData(read(`${name}.der`), recipientOf(read(`${name}.key.pem`)));
      expect(Buffer.from(plaintext).toString('hex')).toBe(plaintextHex);
    },
  );

  it.each(names)('%s parses; without its key it is refused', (name) => {
    const envelope = parseEnvelopedData(read(`${name}.der`));
    expect([envelope.recipientId.length, envelope.encryptedKey.length, envelope.iv.length]).toEqual([
      32, 256, 16,
    ]);
    expect(codeOf(read(`${name}.der`), OWN)).toBe('CMS_REFUSED');
  });

  it('join five chunks of a plaintext of 4096 bytes', () => {
    expect(parseEnvelopedData(read('rustcrypto-kms-4.der')).ciphertext).toHaveLength(4112);
  });
});

describe('forms accepted', () => {
  const ciphertext = aes(CEK, PLAINTEXT);
  const forms: Record<string, Buffer> = {
    'indefinite lengths, one chunk': answer(),
    'definite lengths throughout': answer({ wrap: tlv, content: tlv('a0', tlv('04', ciphertext)) }),
    'primitive content': answer({ content: tlv('80', ciphertext) }),
    'chunks of 1 and 47 bytes': answer({
      content: open('a0', tlv('04', ciphertext.subarray(0, 1)), tlv('04', ciphertext.subarray(1))),
    }),
  };
  it.each(Object.entries(forms))('%s', (_, ber) => {
    expect(decryptEnvelopedData(ber, OWN)).toEqual(Uint8Array.from(PLAINTEXT));
  });

  it('returns an array of its own, and leaves the answer as it was', () => {
    const ber = answer();
    const before = Buffer.from(ber);
    const plaintext = decryptEnvelopedData(ber, OWN);
    expect(plaintext.buffer.byteLength).toBe(32);
    expect(ber.equals(before)).toBe(true);
  });
});

describe('refused', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const deep = (levels: number) =>
    Buffer.concat([...Array.from({ length: levels }, () => hex('2480')), tlv('04', aes(CEK, PLAINTEXT))]);
  const cases: Record<string, Uint8Array> = {
    nothing: new Uint8Array(0),
    'more than 8192 bytes': answer({ content: open('a0', tlv('04', aes(CEK, new Uint8Array(7900)))) }),
    'a byte after the end': answer({ trailing: '00' }),
    'content type signedData': answer({ contentType: '06092a864886f70d010702' }),
    'EnvelopedData version 0': answer({ version: '020100' }),
    'EnvelopedData version 3': answer({ version: '020103' }),
    'version in two bytes': answer({ version: '02020002' }),
    originatorInfo: answer({ beforeRecipients: 'a000' }),
    'two recipients': answer({ secondRecipient: true }),
    'recipient of another kind (key agreement)': answer({ recipientTag: 'a1' }),
    'recipient version 0': answer({ recipientVersion: '020100' }),
    'recipient by issuer and serial': answer({
      recipientVersion: '020100',
      rid: tlv('30', hex('3000'), hex('020101')),
    }),
    'another key in rid': answer({
      rid: tlv('80', hash('sha256', other.publicKey.export({ type: 'spki', format: 'der' }), 'buffer')),
    }),
    'rid of 20 bytes': answer({ rid: tlv('80', hash('sha1', OWN.publicKeySpki, 'buffer')) }),
    'rid one byte longer': answer({
      rid: tlv('80', hash('sha256', OWN.publicKeySpki, 'buffer'), Uint8Array.of(0)),
    }),
    'OAEP with MGF1 of SHA-1': answer({ keyAlgorithm: `301e06092a864886f70d0101073011a00f${SHA_256}` }),
    'OAEP with default parameters': answer({ keyAlgorithm: '300d06092a864886f70d0101073000' }),
    'RSA PKCS #1 v1.5': answer({ keyAlgorithm: '300d06092a864886f70d0101010500' }),
    'OAEP of SHA-1 under the right name': answer({ encryptedKey: tlv('04', rsa(CEK, 'sha1')) }),
    'encrypted key of another key pair': answer({
      encryptedKey: tlv(
        '04',
        publicEncrypt(
          { key: other.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
          CEK,
        ),
      ),
    }),
    'encrypted key one byte short': answer({ encryptedKey: tlv('04', rsa(CEK).subarray(1)) }),
    'encrypted key with a leading zero': answer({ encryptedKey: tlv('04', Uint8Array.of(0), rsa(CEK)) }),
    'something after the encrypted key': answer({ afterRecipient: '0500' }),
    'inner content type': answer({ innerType: '06092a864886f70d010702' }),
    'AES-128-CBC': answer({ contentAlgorithm: '0609608648016503040102' }),
    'AES-256-GCM': answer({ contentAlgorithm: '060960864801650304012e' }),
    'IV of 12 bytes': answer({ iv: tlv('04', IV.subarray(4)) }),
    'IV of 17 bytes': answer({ iv: tlv('04', IV, Uint8Array.of(0)) }),
    'something after the IV': answer({ afterIv: '0500' }),
    'content key of 16 bytes': answer({
      encryptedKey: tlv('04', rsa(CEK.subarray(0, 16))),
      content: tlv('80', aes(CEK.subarray(0, 16), PLAINTEXT)),
    }),
    'content key of 33 bytes': answer({
      encryptedKey: tlv('04', rsa(Buffer.concat([CEK, CEK.subarray(0, 1)]))),
    }),
    'no content': answer({ content: Buffer.alloc(0) }),
    'empty content': answer({ content: tlv('80') }),
    'content without chunks': answer({ content: open('a0') }),
    'ragged content': answer({ content: tlv('80', aes(CEK, PLAINTEXT).subarray(1)) }),
    'bad padding': answer({ content: tlv('80', aes(CEK, new Uint8Array(32), false)) }),
    'chunks within a chunk': answer({ content: open('a0', open('24', tlv('04', aes(CEK, PLAINTEXT)))) }),
    'chunks nested 3000 deep': answer({ content: Buffer.concat([hex('a080'), deep(3000)]) }),
    'a chunk that is no OCTET STRING': answer({ content: open('a0', tlv('80', aes(CEK, PLAINTEXT))) }),
    'unprotected attributes': answer({ afterContent: 'a100' }),
    'recipients of indefinite length': Buffer.from(
      answer().toString('hex').replace('3182016b', '3180'),
      'hex',
    ),
    'a length of 0x81 0x10': answer({ iv: Buffer.concat([hex('048110'), IV]) }),
    'a length of 0x82 0x00 0x10': answer({ iv: Buffer.concat([hex('04820010'), IV]) }),
    'a length of three bytes': answer({ encryptedKey: Buffer.concat([hex('0483000100'), rsa(CEK)]) }),
    'a length of four bytes': Buffer.from(
      answer().toString('hex').replace('3182016b', '31840000016b'),
      'hex',
    ),
    'no ends of contents': answer().subarray(0, -10),
    'one end of contents missing': answer().subarray(0, -2),
  };
  it.each(Object.entries(cases))('%s', (_, ber) => {
    expect(codeOf(ber, OWN)).toBe('CMS_REFUSED');
  });

  it.each(['IV of 12 bytes', 'IV of 17 bytes', 'empty content', 'content without chunks', 'ragged content'])(
    '%s, before any decryption',
    (name) => {
      expect(() => parseEnvelopedData(cases[name]!)).toThrow('CMS_REFUSED');
    },
  );

  it('every cut of an answer', () => {
    const ber = answer();
    for (let length = 0; length < ber.length; length++)
      expect(codeOf(ber.subarray(0, length), OWN)).toBe('CMS_REFUSED');
  });

  it('with an error that says nothing but its code', () => {
    const errors = [cases['bad padding']!, cases['another key in rid']!, cases['nothing']!].map((ber) => {
      try {
        return decryptEnvelopedData(ber, OWN);
      } catch (error) {
        return {
          name: (error as Error).name,
          code: (error as { code: string }).code,
          message: (error as Error).message,
          cause: (error as Error).cause,
        };
      }
    });
    expect(errors[0]).toEqual({
      name: 'EnvelopedDataError',
      code: 'CMS_REFUSED',
      message: 'CMS_REFUSED',
      cause: undefined,
    });
    expect(errors[1]).toEqual(errors[0]);
    expect(errors[2]).toEqual(errors[0]);
  });
});
