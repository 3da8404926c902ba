import { Buffer } from 'node:buffer';
import {
  constants,
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decryptEnvelopedData, type EnvelopedDataRecipient, parseEnvelopedData } from './enveloped-data.ts';

const VECTORS = new URL('../../../vectors/cms/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, VECTORS));
const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

function recipientOf(privateKeyPem: string | Buffer): EnvelopedDataRecipient {
  const privateKey = createPrivateKey(privateKeyPem);
  return { privateKey, publicKeySpki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
}

function codeOf(ber: Uint8Array, recipient: EnvelopedDataRecipient): string {
  try {
    decryptEnvelopedData(ber, recipient);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'accepted';
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

const keyPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OWN = recipientOf(keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const PLAINTEXT = randomBytes(32);
const CEK = randomBytes(32);
const IV = randomBytes(16);

const tlv = (tag: string, ...contents: Uint8Array[]) => {
  const content = Buffer.concat(contents);
  const length =
    content.length < 128
      ? [content.length]
      : content.length < 256
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([hex(tag), Uint8Array.from(length), content]);
};
const open = (tag: string, ...contents: Uint8Array[]) =>
  Buffer.concat([hex(tag), hex('80'), ...contents, hex('0000')]);
const rsa = (key: Uint8Array, oaepHash = 'sha256') =>
  publicEncrypt({ key: keyPair.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, key);
const aes = (key: Uint8Array, plaintext: Uint8Array, padding = true) => {
  const cipher = createCipheriv(key.length === 32 ? 'aes-256-cbc' : 'aes-128-cbc', key, IV).setAutoPadding(
    padding,
  );
  return Buffer.concat([cipher.update(plaintext), cipher.final()]);
};

const SHA_256 = '300d06096086480165030402010500';
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
function answer(change: Partial<typeof defaults> = {}): Buffer {
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
    'a length in more bytes than needed': Buffer.from(
      answer().toString('hex').replace('04820100', '0483000100'),
      'hex',
    ),
    'a length of 0x81 0x20': Buffer.from(answer().toString('hex').replace('8020', '808120'), 'hex'),
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
        return { ...(error as Error), message: (error as Error).message, cause: (error as Error).cause };
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

describe('properties', () => {
  it('any bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => codeOf(bytes, OWN) === 'CMS_REFUSED'),
      { numRuns: 2000 },
    );
  });

  it('spliced pieces of an answer never give its plaintext', () => {
    const ber = answer();
    const piece = fc
      .tuple(fc.nat(ber.length), fc.nat(ber.length))
      .map(([a, b]) => ber.subarray(Math.min(a, b), Math.max(a, b)));
    const splice = fc
      .array(fc.oneof(piece, fc.uint8Array({ maxLength: 8 })), { maxLength: 4 })
      .map((pieces) => Buffer.concat(pieces));
    fc.assert(
      fc.property(splice, (bytes) => bytes.equals(ber) || !openedBytes(bytes)?.equals(PLAINTEXT)),
      { numRuns: 2000 },
    );
  });

  it('no flipped bit gives the plaintext; outside IV and content it is refused', () => {
    const ber = answer();
    const malleable = new Set([...rangeOf(ber, IV), ...rangeOf(ber, aes(CEK, PLAINTEXT))]);
    const outcomes = { refused: 0, garbled: 0 };
    for (let bit = 0; bit < ber.length * 8; bit++) {
      const flipped = Buffer.from(ber);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = openedBytes(flipped);
      expect(outcome === null || malleable.has(bit >> 3), `bit ${bit}`).toBe(true);
      if (outcome) expect(outcome.equals(PLAINTEXT), `bit ${bit}`).toBe(false);
      outcomes[outcome ? 'garbled' : 'refused']++;
    }
    // IV bits always give a plaintext with the same bit flipped: the limit that the documentation states.
    expect(outcomes.garbled).toBeGreaterThanOrEqual(128);
    expect(outcomes.refused + outcomes.garbled).toBe(ber.length * 8);
  });

  function openedBytes(ber: Uint8Array): Buffer | null {
    try {
      return Buffer.from(decryptEnvelopedData(ber, OWN));
    } catch (error) {
      expect((error as { code: string }).code).toBe('CMS_REFUSED');
      return null;
    }
  }

  function rangeOf(ber: Buffer, part: Uint8Array): number[] {
    const start = ber.indexOf(part);
    return Array.from(part, (_, index) => start + index);
  }
});
