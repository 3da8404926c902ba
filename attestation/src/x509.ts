// TRUST BOUNDARY: certificates, from whoever hands over the document.
import { AttestationError, assertThat } from './attestation-error.ts';
import { type Bytes, concatBytes, encodeHex, equalBytes } from './bytes.ts';
import { assertDer, DerReader, readDerElement, TAG } from './der.ts';
import { assertSignatureRange } from './p384.ts';
import { decodeExtensions, type Extensions } from './x509-extensions.ts';
import { decodeTime } from './x509-time.ts';

/** What a certificate says, of the one profile that Nitro attestation uses: v3, P-384, ecdsa-with-SHA384. */
export interface Certificate {
  /** Which certificate this is, in our own words: `cabundle[0]`, `certificate`. */
  readonly where: string;
  readonly der: Bytes;
  /** The part that is signed: DER of TBSCertificate. */
  readonly signedBytes: Bytes;
  /** r||s, 96 bytes. */
  readonly signature: Bytes;
  /** Big-endian, at most 20 bytes, no leading zero. */
  readonly serialNumber: Bytes;
  /** DER of Name; names are equal when these bytes are. */
  readonly issuer: Bytes;
  readonly subject: Bytes;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** 04 || x || y, 97 bytes; not yet known to be on the curve. */
  readonly publicKey: Bytes;
  readonly extensions: Extensions;
}

const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const VERSION_3 = 2;
const MAX_SERIAL_BYTES = 20;
const COMPONENT_BYTES = 48;
const ECDSA_WITH_SHA384 = '300a06082a8648ce3d040303';
/** AlgorithmIdentifier of SubjectPublicKeyInfo: id-ecPublicKey with named curve secp384r1. */
const EC_P384 = '301006072a8648ce3d020106052b81040022';
const POINT_BYTES = 97;

/**
 * Decodes one certificate (RFC 5280 section 4.1) in strict DER; verifies no signature, date or chain.
 * @throws X509_* but for X509_NOT_YET_VALID, X509_EXPIRED, X509_DENIED and X509_SIGNATURE_INVALID
 */
export function decodeCertificate(der: Bytes, where: string): Certificate {
  try {
    return decode(der, where);
  } catch (error) {
    if (error instanceof AttestationError && error.where === null)
      throw new AttestationError(error.code, where);
    throw error;
  }
}

function decode(der: Bytes, where: string): Certificate {
  const whole = readDerElement(der, 0, der.length);
  assertThat(whole.end === der.length, 'X509_TRAILING_BYTES');
  assertDer(der);
  const certificate = new DerReader(der).inside(TAG.sequence);
  const tbs = certificate.element(TAG.sequence);
  const outerAlgorithm = certificate.whole(TAG.sequence);
  const signatureBits = certificate.content(TAG.bitString);
  certificate.finish();

  const fields = new DerReader(der, tbs.contentStart, tbs.end);
  assertVersion(fields);
  const serialNumber = decodeSerial(fields.content(TAG.integer));
  const innerAlgorithm = fields.whole(TAG.sequence);
  assertThat(equalBytes(innerAlgorithm, outerAlgorithm), 'X509_SIGNATURE_ALGORITHM_MISMATCH');
  assertThat(encodeHex(outerAlgorithm) === ECDSA_WITH_SHA384, 'X509_SIGNATURE_ALGORITHM');
  const issuer = fields.whole(TAG.sequence);
  const validity = fields.inside(TAG.sequence);
  const [notBeforeMs, notAfterMs] = [decodeTime(validity), decodeTime(validity)];
  validity.finish();
  const subject = fields.whole(TAG.sequence);
  const publicKey = decodePublicKey(fields.inside(TAG.sequence));
  assertThat(fields.nextTag !== null, 'X509_EXTENSIONS_MISSING');
  const extensions = decodeExtensions(fields.inside(EXTENSIONS_TAG));
  fields.finish();
  const signedBytes = der.slice(tbs.start, tbs.end);
  const signature = decodeSignature(signatureBits);
  const validityMs = { notBeforeMs, notAfterMs };
  return {
    where,
    der,
    signedBytes,
    signature,
    serialNumber,
    issuer,
    subject,
    ...validityMs,
    publicKey,
    extensions,
  };
}

function assertVersion(fields: DerReader): void {
  assertThat(fields.nextTag === VERSION_TAG, 'X509_VERSION');
  const explicit = fields.inside(VERSION_TAG);
  const version = explicit.content(TAG.integer);
  explicit.finish();
  assertThat(version.length === 1 && version[0] === VERSION_3, 'X509_VERSION');
}

function decodeSerial(content: Bytes): Bytes {
  const magnitude = unsigned(content);
  const isSerial = magnitude !== null && magnitude.length > 0 && magnitude.length <= MAX_SERIAL_BYTES;
  assertThat(isSerial, 'X509_SERIAL');
  return magnitude;
}

/** Magnitude of a minimal INTEGER without leading zero, empty for 0, null for a negative one. */
function unsigned(content: Bytes): Bytes | null {
  if ((content[0] ?? 0) >= 0x80) return null;
  return content[0] === 0 ? content.slice(1) : content;
}

function decodePublicKey(info: DerReader): Bytes {
  const algorithm = info.whole(TAG.sequence);
  const bits = info.content(TAG.bitString);
  info.finish();
  const isUncompressedPoint = bits.length === 1 + POINT_BYTES && bits[0] === 0 && bits[1] === 0x04;
  assertThat(encodeHex(algorithm) === EC_P384 && isUncompressedPoint, 'X509_PUBLIC_KEY');
  return bits.slice(1);
}

/** ECDSA-Sig-Value (RFC 5480 appendix A) in a BIT STRING, as r||s of 96 bytes. */
function decodeSignature(bits: Bytes): Bytes {
  assertThat(bits[0] === 0, 'X509_SIGNATURE_ENCODING');
  const [r, s] = signatureIntegers(bits.slice(1)).map(unsigned);
  const fits = (component: Bytes | null | undefined): component is Bytes =>
    component != null && component.length <= COMPONENT_BYTES;
  assertThat(fits(r) && fits(s), 'X509_SIGNATURE_ENCODING');
  const padding = (component: Bytes): Bytes => new Uint8Array(COMPONENT_BYTES - component.length);
  const signature = concatBytes(padding(r), r, padding(s), s);
  assertSignatureRange(signature, 'X509_SIGNATURE_ENCODING');
  return signature;
}

function signatureIntegers(der: Bytes): readonly [Bytes, Bytes] {
  try {
    assertDer(der);
    const value = new DerReader(der).inside(TAG.sequence);
    const integers = [value.content(TAG.integer), value.content(TAG.integer)] as const;
    value.finish();
    return integers;
  } catch {
    throw new AttestationError('X509_SIGNATURE_ENCODING');
  }
}
