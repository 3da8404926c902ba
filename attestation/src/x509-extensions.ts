// TRUST BOUNDARY: extensions of certificates, from whoever hands over the document.
import { type AttestationErrorCode, assertThat } from './attestation-error.ts';
import { type Bytes, encodeHex } from './bytes.ts';
import { assertDer, DerReader, TAG } from './der.ts';

/** The two extensions that decide; all others are either not critical or refused. */
export interface Extensions {
  readonly basicConstraints: BasicConstraints | null;
  readonly keyUsage: KeyUsage | null;
}

export interface BasicConstraints {
  readonly critical: boolean;
  readonly isCa: boolean;
  /** How many CAs may stand between this one and a leaf; null for no limit. */
  readonly pathLength: number | null;
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
}

const BASIC_CONSTRAINTS = '551d13';
const KEY_USAGE = '551d0f';
const MAX_PATH_LENGTH_BYTES = 4;

/**
 * Decodes Extensions (RFC 5280 section 4.1.2.9).
 * @throws X509_DER, X509_EXTENSIONS_MISSING, X509_EXTENSION_DUPLICATE, X509_EXTENSION_CRITICAL, X509_BASIC_CONSTRAINTS,
 *   X509_KEY_USAGE
 */
export function decodeExtensions(explicit: DerReader): Extensions {
  const list = explicit.inside(TAG.sequence);
  explicit.finish();
  const seen = new Set<string>();
  let basicConstraints: BasicConstraints | null = null;
  let keyUsage: KeyUsage | null = null;
  while (!list.atEnd) {
    const extension = list.inside(TAG.sequence);
    const id = encodeHex(extension.content(TAG.objectIdentifier));
    const critical = decodeCritical(extension);
    const value = extension.content(TAG.octetString);
    extension.finish();
    assertThat(!seen.has(id), 'X509_EXTENSION_DUPLICATE');
    seen.add(id);
    if (id === BASIC_CONSTRAINTS) basicConstraints = decodeBasicConstraints(value, critical);
    else if (id === KEY_USAGE) keyUsage = decodeKeyUsage(value);
    else assertThat(!critical, 'X509_EXTENSION_CRITICAL');
  }
  assertThat(seen.size > 0, 'X509_EXTENSIONS_MISSING');
  return { basicConstraints, keyUsage };
}

/** BOOLEAN DEFAULT FALSE: in DER only TRUE is ever written. */
function decodeCritical(extension: DerReader): boolean {
  if (extension.nextTag !== TAG.boolean) return false;
  assertThat(extension.content(TAG.boolean)[0] === 0xff, 'X509_DER');
  return true;
}

function decodeBasicConstraints(value: Bytes, critical: boolean): BasicConstraints {
  return decodeValue(value, 'X509_BASIC_CONSTRAINTS', (reader) => {
    const sequence = reader.inside(TAG.sequence);
    const isCa = decodeCritical(sequence);
    const pathLength = sequence.atEnd ? null : decodePathLength(sequence.content(TAG.integer));
    sequence.finish();
    return { critical, isCa, pathLength };
  });
}

function decodePathLength(content: Bytes): number {
  // Negative, or of a size that no chain has and that would have to be rounded somewhere.
  assertThat(
    (content[0] ?? 0x80) < 0x80 && content.length <= MAX_PATH_LENGTH_BYTES,
    'X509_BASIC_CONSTRAINTS',
  );
  return content.reduce((value, byte) => value * 256 + byte, 0);
}

function decodeKeyUsage(value: Bytes): KeyUsage {
  return decodeValue(value, 'X509_KEY_USAGE', (reader) => {
    const [unused = 0, ...bits] = reader.content(TAG.bitString);
    const last = bits.at(-1) ?? 0;
    // A named bit list ends with its last bit that is set (X.690 section 11.2.2), and RFC 5280 wants at least one.
    assertThat(((last >> unused) & 1) === 1 && bits.length <= 2, 'X509_KEY_USAGE');
    const first = bits[0] ?? 0;
    return { digitalSignature: (first & 0x80) !== 0, keyCertSign: (first & 0x04) !== 0 };
  });
}

/** Decodes the DER inside an OCTET STRING, with one code for whatever is wrong with it. */
function decodeValue<T>(value: Bytes, code: AttestationErrorCode, decode: (reader: DerReader) => T): T {
  let decoded: T | undefined;
  try {
    assertDer(value);
    const reader = new DerReader(value);
    decoded = decode(reader);
    reader.finish();
  } catch {
    decoded = undefined;
  }
  assertThat(decoded !== undefined, code);
  return decoded;
}
