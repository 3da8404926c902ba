import { Buffer } from 'node:buffer';
import { constants, createCipheriv, createPublicKey, hash, publicEncrypt, randomBytes } from 'node:crypto';
import {
  berIndefinite,
  der,
  explicit,
  integer,
  NULL,
  octetString,
  oid,
  sequence,
  set,
} from '../x509/der-encode.ts';

/** How the content is written; KMS was seen to do both. */
export type ContentForm = 'chunked' | 'primitive';

const CHUNK_BYTES = 1000;
const VERSION_2 = integer(Uint8Array.of(2));
const ENVELOPED_DATA = oid('1.2.840.113549.1.7.3');
const DATA = oid('1.2.840.113549.1.7.1');
const AES_256_CBC = oid('2.16.840.1.101.3.4.1.42');
const SHA_256 = sequence(oid('2.16.840.1.101.3.4.2.1'), NULL);
const MGF1_SHA_256 = sequence(oid('1.2.840.113549.1.1.8'), SHA_256);
const RSAES_OAEP = sequence(
  oid('1.2.840.113549.1.1.7'),
  sequence(explicit(0, SHA_256), explicit(1, MGF1_SHA_256)),
);

/**
 * Encrypts to a recipient as KMS fills CiphertextForRecipient: CMS EnvelopedData (RFC 5652 section 6.1) in BER with nested
 * indefinite lengths, one recipient named by SHA-256 of its SPKI, RSAES-OAEP with SHA-256, AES-256-CBC, chunks of 1000 bytes.
 * @param publicKeySpki RSA SubjectPublicKeyInfo in DER
 */
export function encryptForRecipient(
  publicKeySpki: Uint8Array,
  plaintext: Uint8Array,
  form: ContentForm = 'chunked',
): Uint8Array {
  const contentKey = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', contentKey, iv);
  const content = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const recipientInfo = sequence(
    VERSION_2,
    der(0x80, hash('sha256', publicKeySpki, 'buffer')),
    RSAES_OAEP,
    octetString(wrapContentKey(publicKeySpki, contentKey)),
  );
  const contentInfo = berIndefinite(
    0x30,
    DATA,
    sequence(AES_256_CBC, octetString(iv)),
    encodeContent(content, form),
  );
  const envelopedData = berIndefinite(0x30, VERSION_2, set(recipientInfo), contentInfo);
  return berIndefinite(0x30, ENVELOPED_DATA, berIndefinite(0xa0, envelopedData));
}

function wrapContentKey(publicKeySpki: Uint8Array, contentKey: Uint8Array): Buffer {
  const key = createPublicKey({ key: Buffer.from(publicKeySpki), format: 'der', type: 'spki' });
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, contentKey);
}

function encodeContent(content: Uint8Array, form: ContentForm): Uint8Array {
  if (form === 'primitive') return der(0x80, content);
  const starts = Array.from(
    { length: Math.ceil(content.length / CHUNK_BYTES) },
    (_, index) => index * CHUNK_BYTES,
  );
  return berIndefinite(
    0xa0,
    ...starts.map((start) => octetString(content.subarray(start, start + CHUNK_BYTES))),
  );
}
