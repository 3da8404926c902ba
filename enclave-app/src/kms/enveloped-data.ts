// TRUST BOUNDARY: CiphertextForRecipient from whoever answered a KMS call.
import { Buffer } from 'node:buffer';
import {
  constants,
  createDecipheriv,
  hash,
  type KeyObject,
  privateDecrypt,
  timingSafeEqual,
} from 'node:crypto';
import { BerCursor } from './ber-cursor.ts';

/** The answer is not what KMS encrypts to this recipient. One code for every reason, so that nothing can be probed. */
class EnvelopedDataError extends Error {
  readonly code = 'CMS_REFUSED';
  constructor() {
    super('CMS_REFUSED');
    this.name = 'EnvelopedDataError';
  }
}

/** The RSA key pair that the call's attestation document named. */
export interface EnvelopedDataRecipient {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo in DER, the bytes of the document's `public_key`. */
  readonly publicKeySpki: Uint8Array;
}

/** The parts of an EnvelopedData that differ from answer to answer; all but `ciphertext` are views of the input. */
export interface EnvelopedData {
  /** SHA-256 of the recipient's SPKI, 32 bytes. */
  readonly recipientId: Uint8Array;
  /** RSAES-OAEP ciphertext, as long as the modulus. */
  readonly encryptedKey: Uint8Array;
  /** 16 bytes. */
  readonly iv: Uint8Array;
  /** AES-256-CBC with PKCS #7 padding: one block or more, chunks joined. */
  readonly ciphertext: Uint8Array;
}

/** KMS encrypts at most 4096 bytes: 4573 bytes of CMS to RSA-2048, 256 more to RSA-4096. */
const MAX_ENVELOPE_BYTES = 8192;
const BLOCK_BYTES = 16;

const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
const SET = 0x31;
const CONTEXT_0 = 0xa0;
const CONTEXT_0_PRIMITIVE = 0x80;
const VERSION_2 = Buffer.from('020102', 'hex');
const OID_ENVELOPED_DATA = Buffer.from('06092a864886f70d010703', 'hex');
const OID_DATA = Buffer.from('06092a864886f70d010701', 'hex');
const OID_AES_256_CBC = Buffer.from('060960864801650304012a', 'hex');
/** id-RSAES-OAEP with hash SHA-256, MGF1 with SHA-256 and the default (empty) label; RFC 4055 section 4.1. */
const RSAES_OAEP_SHA_256 = Buffer.from(
  '303c06092a864886f70d010107302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500',
  'hex',
);

/**
 * Opens KMS's CiphertextForRecipient: CMS EnvelopedData (RFC 5652 section 6.1) with one recipient by key identifier,
 * RSAES-OAEP with SHA-256, AES-256-CBC; returns the plaintext in an own array.
 *
 * It proves that the answer was encrypted to this key pair, not who did so: anyone who knows the public key can make one, and
 * CBC has no MAC. A changed bit outside IV and content is refused; one inside them is refused or gives another plaintext, never
 * the original. What makes the plaintext KMS's is the TLS session that the answer came through.
 * @throws EnvelopedDataError CMS_REFUSED for every other answer, with no reason
 */
export function decryptEnvelopedData(
  untrustedBer: Uint8Array,
  recipient: EnvelopedDataRecipient,
): Uint8Array {
  try {
    const envelope = parseEnvelopedData(untrustedBer);
    if (!timingSafeEqual(envelope.recipientId, hash('sha256', recipient.publicKeySpki, 'buffer')))
      throw new EnvelopedDataError();
    return decryptContent(envelope, recipient.privateKey);
  } catch {
    throw new EnvelopedDataError();
  }
}

/**
 * Reads the structure that KMS writes and no other: ContentInfo, EnvelopedData, its content info and the chunked content may have
 * indefinite lengths, everything else is DER.
 * @throws BerError or EnvelopedDataError (CMS_REFUSED) for every other input
 */
export function parseEnvelopedData(untrustedBer: Uint8Array): EnvelopedData {
  if (untrustedBer.length > MAX_ENVELOPE_BYTES) throw new EnvelopedDataError();
  const cursor = new BerCursor(untrustedBer);
  cursor.open(SEQUENCE);
  cursor.expect(OID_ENVELOPED_DATA);
  cursor.open(CONTEXT_0);
  cursor.open(SEQUENCE);
  cursor.expect(VERSION_2);
  const recipient = readOnlyRecipient(cursor);
  const content = readEncryptedContentInfo(cursor);
  cursor.close();
  cursor.close();
  cursor.close();
  if (!cursor.atEnd()) throw new EnvelopedDataError();
  return { ...recipient, ...content };
}

/** RecipientInfos: a SET of exactly one KeyTransRecipientInfo of version 2. */
function readOnlyRecipient(cursor: BerCursor): Pick<EnvelopedData, 'recipientId' | 'encryptedKey'> {
  cursor.openDefinite(SET);
  cursor.openDefinite(SEQUENCE);
  cursor.expect(VERSION_2);
  const recipientId = cursor.primitive(CONTEXT_0_PRIMITIVE);
  cursor.expect(RSAES_OAEP_SHA_256);
  const encryptedKey = cursor.primitive(OCTET_STRING);
  cursor.close();
  cursor.close();
  return { recipientId, encryptedKey };
}

function readEncryptedContentInfo(cursor: BerCursor): Pick<EnvelopedData, 'iv' | 'ciphertext'> {
  cursor.open(SEQUENCE);
  cursor.expect(OID_DATA);
  cursor.openDefinite(SEQUENCE);
  cursor.expect(OID_AES_256_CBC);
  const iv = cursor.primitive(OCTET_STRING);
  cursor.close();
  const ciphertext = Buffer.concat(readContentChunks(cursor));
  cursor.close();
  if (iv.length !== BLOCK_BYTES || ciphertext.length === 0 || ciphertext.length % BLOCK_BYTES !== 0)
    throw new EnvelopedDataError();
  return { iv, ciphertext };
}

/** encryptedContent as one primitive [0], or as a constructed [0] of OCTET STRING chunks; both occur. */
function readContentChunks(cursor: BerCursor): Uint8Array[] {
  if (cursor.peek() === CONTEXT_0_PRIMITIVE) return [cursor.primitive(CONTEXT_0_PRIMITIVE)];
  const chunks: Uint8Array[] = [];
  cursor.open(CONTEXT_0);
  while (!cursor.atEnd()) chunks.push(cursor.primitive(OCTET_STRING));
  cursor.close();
  return chunks;
}

function decryptContent({ encryptedKey, iv, ciphertext }: EnvelopedData, privateKey: KeyObject): Uint8Array {
  const oaep = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  const contentKey = privateDecrypt(oaep, encryptedKey);
  const blocks: Buffer[] = [];
  try {
    // Refuses a content key that is not of 32 bytes.
    const decipher = createDecipheriv('aes-256-cbc', contentKey, iv);
    blocks.push(decipher.update(ciphertext));
    blocks.push(decipher.final());
    return joinOwned(blocks);
  } finally {
    contentKey.fill(0);
    for (const block of blocks) block.fill(0);
  }
}

function joinOwned(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
