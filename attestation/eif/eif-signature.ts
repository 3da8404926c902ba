// TRUST BOUNDARY: signature sections of enclave image files from anyone.
import { Buffer } from 'node:buffer';
import { type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import { decodeBase64 } from '../src/bytes.ts';
import { assertEif, EifError } from './eif-error.ts';

/** Who signed an image, after the signature was verified. The certificate's own chain is the reader's to judge. */
export interface EifSignature {
  readonly certificateDer: Uint8Array;
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

interface Curve {
  /** Protected header: the algorithm that the COSE library of AWS takes from the key. */
  readonly header: Buffer;
  readonly hash: string;
  readonly signatureBytes: number;
}

const CURVES: Readonly<Record<string, Curve>> = {
  prime256v1: { header: Buffer.from('a10126', 'hex'), hash: 'sha256', signatureBytes: 64 },
  secp384r1: { header: Buffer.from('a1013822', 'hex'), hash: 'sha384', signatureBytes: 96 },
  secp521r1: { header: Buffer.from('a1013823', 'hex'), hash: 'sha512', signatureBytes: 132 },
};
const MAX_CERTIFICATE_BYTES = 16384;
const PEM = /^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\r?\n?$/;

/**
 * Verifies a signature section by reconstruction: certificate and signature value are taken from where they must stand,
 * the whole section is built again around them for the PCR0 that was measured, and must come out byte for byte. So nothing
 * in it is parsed that was not also predicted (Trail of Bits, "Images and attestation", 2024).
 * Layout: CBOR [{"signing_certificate": [PEM bytes...], "signature": [bytes of COSE_Sign1...]}], integers, not byte strings.
 * @param pcr0Hex measured, 96 digits
 * @throws EIF_SIGNATURE_FORMAT, EIF_SIGNATURE_CERTIFICATE, EIF_SIGNATURE_INVALID
 */
export function verifySignatureSection(untrustedSection: Buffer, pcr0Hex: string): EifSignature {
  const prefix = Buffer.concat([Buffer.of(0x81, 0xa2), text('signing_certificate')]);
  assertEif(untrustedSection.subarray(0, prefix.length).equals(prefix), 'EIF_SIGNATURE_FORMAT');
  const pem = readIntegers(untrustedSection, prefix.length);
  const certificate = parseCertificate(pem.bytes);
  const curve = curveOf(certificate.publicKey);
  const cose = readIntegers(untrustedSection, pem.end + text('signature').length);
  const signature = cose.bytes.subarray(-curve.signatureBytes);
  const rebuilt = encodeSection(pem.bytes, encodeCose(curve, pcr0Hex, signature));
  assertEif(untrustedSection.equals(rebuilt), 'EIF_SIGNATURE_FORMAT');
  const key = { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' as const };
  assertEif(verify(curve.hash, signedBytes(curve, pcr0Hex), key, signature), 'EIF_SIGNATURE_INVALID');
  const { subject, issuer, validFrom, validTo, raw } = certificate;
  return { certificateDer: Uint8Array.from(raw), subject, issuer, notBefore: validFrom, notAfter: validTo };
}

/** Signs an image by its PCR0, as nitro-cli does. @param certificatePem one certificate, of the private key */
export function encodeSignatureSection(
  pcr0Hex: string,
  certificatePem: Buffer,
  privateKey: KeyObject,
): Buffer {
  const curve = curveOf(parseCertificate(certificatePem).publicKey);
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
  return encodeSection(
    certificatePem,
    encodeCose(curve, pcr0Hex, sign(curve.hash, signedBytes(curve, pcr0Hex), key)),
  );
}

/** One text for one certificate: spare bits of base64 are zero, and nothing stands around it. */
function parseCertificate(pem: Buffer): X509Certificate {
  assertEif(pem.length <= MAX_CERTIFICATE_BYTES, 'EIF_SIGNATURE_CERTIFICATE');
  const [, base64 = ''] = PEM.exec(pem.toString('latin1')) ?? [];
  const der = decodeBase64(base64.replace(/[\r\n]/g, ''));
  try {
    const certificate = new X509Certificate(pem);
    // The key is decoded when it is asked for: here, where a broken one still gets a code.
    const isWhole = der !== null && certificate.raw.equals(der) && certificate.publicKey.type === 'public';
    assertEif(isWhole, 'EIF_SIGNATURE_CERTIFICATE');
    return certificate;
  } catch {
    throw new EifError('EIF_SIGNATURE_CERTIFICATE');
  }
}

function curveOf(key: KeyObject): Curve {
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  assertEif(curve !== undefined, 'EIF_SIGNATURE_CERTIFICATE');
  return curve;
}

const text = (value: string): Buffer => Buffer.concat([head(3, value.length), Buffer.from(value, 'latin1')]);
const bytes = (value: Uint8Array): Buffer => Buffer.concat([head(2, value.length), value]);
const integers = (value: Uint8Array): Buffer =>
  Buffer.concat([head(4, value.length), ...Array.from(value, (byte) => head(0, byte))]);

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.of((major << 5) | argument);
  if (argument < 0x100) return Buffer.of((major << 5) | 24, argument);
  return Buffer.of((major << 5) | 25, argument >> 8, argument & 0xff);
}

/** {"register_index": 0, "register_value": [48 integers]} */
function payload(pcr0Hex: string): Buffer {
  const value = integers(Buffer.from(pcr0Hex, 'hex'));
  return Buffer.concat([Buffer.of(0xa2), text('register_index'), head(0, 0), text('register_value'), value]);
}

function encodeCose({ header }: Curve, pcr0Hex: string, signature: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.of(0x84),
    bytes(header),
    Buffer.of(0xa0),
    bytes(payload(pcr0Hex)),
    bytes(signature),
  ]);
}

function signedBytes({ header }: Curve, pcr0Hex: string): Buffer {
  return Buffer.concat([
    Buffer.of(0x84),
    text('Signature1'),
    bytes(header),
    bytes(Buffer.alloc(0)),
    bytes(payload(pcr0Hex)),
  ]);
}

function encodeSection(certificatePem: Uint8Array, cose: Uint8Array): Buffer {
  const parts = [text('signing_certificate'), integers(certificatePem), text('signature'), integers(cose)];
  return Buffer.concat([Buffer.of(0x81, 0xa2), ...parts]);
}

/** Reads an array of octets written as integers. That they are written minimally, the reconstruction shows. */
function readIntegers(section: Buffer, start: number): { readonly bytes: Buffer; readonly end: number } {
  let offset = start;
  const next = (): number => {
    assertEif(offset < section.length, 'EIF_SIGNATURE_FORMAT');
    offset += 1;
    return section[offset - 1] ?? 0;
  };
  const initial = next();
  assertEif(initial >> 5 === 4 && (initial & 0x1f) <= 25, 'EIF_SIGNATURE_FORMAT');
  const additional = initial & 0x1f;
  const count = additional < 24 ? additional : additional === 24 ? next() : next() * 256 + next();
  assertEif(count <= MAX_CERTIFICATE_BYTES, 'EIF_SIGNATURE_FORMAT');
  const content = Buffer.alloc(count);
  for (let index = 0; index < count; index += 1) {
    const byte = next();
    content[index] = byte === 24 ? next() : byte;
  }
  return { bytes: content, end: offset };
}
