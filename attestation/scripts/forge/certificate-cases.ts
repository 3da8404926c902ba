import { Buffer } from 'node:buffer';
import { generateKeyPairSync } from 'node:crypto';
import { hex } from './cbor-writer.ts';
import * as chain from './chain.ts';
import {
  bits,
  boolean,
  commonName,
  der,
  generalizedTime,
  integer,
  oid,
  rawInteger,
  sequence,
  utcTime,
} from './der-writer.ts';
import type { VectorCase, VectorCases } from './vector-case.ts';

const { basicConstraints, CA_USAGE, caConstraints, extension, keyUsage, LEAF_CONSTRAINTS, LEAF_USAGE } =
  chain;

const of = (
  role: chain.Role,
  defects: chain.Defects,
  code: VectorCase['code'],
  reason: string,
): VectorCase => ({
  reason: `${role}: ${reason}`,
  code,
  defects: { certificates: { [role]: defects } },
});
const leaf = (defects: chain.Defects, code: VectorCase['code'], reason: string): VectorCase =>
  of('leaf', defects, code, reason);
const zonal = (defects: chain.Defects, code: VectorCase['code'], reason: string): VectorCase =>
  of('zonal', defects, code, reason);
const leafWith = (extensions: readonly Uint8Array[], code: VectorCase['code'], reason: string): VectorCase =>
  leaf({ extensions }, code, reason);
const zonalWith = (extensions: readonly Uint8Array[], code: VectorCase['code'], reason: string): VectorCase =>
  zonal({ extensions }, code, reason);

const P384_ORDER = hex(
  'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
);
const EC = oid('1.2.840.10045.2.1');
const CURVE = oid('1.3.132.0.34');
const spki = (point: Uint8Array, curve: Uint8Array = CURVE): Buffer =>
  sequence(sequence(EC, curve), bits(point));
const point = (): Buffer =>
  Buffer.from(chain.p384().publicKey.export({ type: 'spki', format: 'der' })).subarray(-97);
const compressed = (): Buffer => {
  const full = point();
  return Buffer.concat([Buffer.of(0x02 | ((full[96] ?? 0) & 1)), full.subarray(1, 49)]);
};
const offCurve = (): Buffer => {
  const full = point();
  full[96] = (full[96] ?? 0) ^ 1;
  return full;
};
const ecdsa = (r: Uint8Array, s: Uint8Array) => (): Uint8Array => sequence(integer(r), integer(s));
const ONE = Buffer.of(1);
const brainpool = generateKeyPairSync('ec', { namedCurve: 'brainpoolP384r1' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const other = chain.p384();
const hardened = (bytes: Buffer): Buffer => {
  // The tbs length in long form with a zero in front: valid BER, not DER.
  const inner = bytes.subarray(4);
  const length = inner.readUInt16BE(2);
  const wide = Buffer.concat([Buffer.of(0x30, 0x83, 0x00, length >> 8, length & 0xff), inner.subarray(4)]);
  return der(0x30, wide);
};

const EXTENSIONS: VectorCases = {
  'ca-no-constraints': zonalWith([CA_USAGE], 'CA_BASIC_CONSTRAINTS', 'no basicConstraints'),
  'ca-constraints-false': zonalWith(
    [basicConstraints(sequence()), CA_USAGE],
    'CA_BASIC_CONSTRAINTS',
    'cA false',
  ),
  'ca-constraints-not-critical': zonalWith(
    [caConstraints(1, false), CA_USAGE],
    'CA_BASIC_CONSTRAINTS',
    'basicConstraints not critical',
  ),
  'ca-no-key-usage': zonalWith([caConstraints(1)], 'CA_KEY_USAGE', 'no keyUsage'),
  'ca-no-cert-sign': zonalWith([caConstraints(1), keyUsage(0x82, 1)], 'CA_KEY_USAGE', 'no keyCertSign'),
  'ca-path-length-exceeded': zonalWith(
    [caConstraints(0), CA_USAGE],
    'CA_PATH_LENGTH',
    'pathLen 0 above another CA',
  ),
  'ca-path-length-wide': zonalWith(
    [basicConstraints(sequence(boolean(0xff), rawInteger(1, 0, 0, 0, 0, 0, 0, 0, 1))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'pathLen 2^64+1',
  ),
  'ca-path-length-negative': zonalWith(
    [basicConstraints(sequence(boolean(0xff), rawInteger(0xff))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'pathLen -1',
  ),
  'ca-path-length-padded': zonalWith(
    [basicConstraints(sequence(boolean(0xff), rawInteger(0, 1))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'pathLen in two bytes',
  ),
  'ca-boolean-01': zonalWith(
    [basicConstraints(sequence(boolean(0x01))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'TRUE as 01',
  ),
  'ca-boolean-false': zonalWith(
    [basicConstraints(sequence(boolean(0x00))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'FALSE written out',
  ),
  'ca-constraints-trailing': zonalWith(
    [basicConstraints(Buffer.concat([sequence(boolean(0xff)), hex('0500')])), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'trailing element',
  ),
  'extension-duplicate': zonalWith(
    [caConstraints(1), caConstraints(null), CA_USAGE],
    'X509_EXTENSION_DUPLICATE',
    'basicConstraints twice',
  ),
  'extension-critical-unknown': zonalWith(
    [caConstraints(1), CA_USAGE, extension('1.3.6.1.4.1.99999.1', true, hex('0500'))],
    'X509_EXTENSION_CRITICAL',
    'unknown critical extension',
  ),
  'extension-name-constraints': zonalWith(
    [caConstraints(1), CA_USAGE, extension('2.5.29.30', true, sequence())],
    'X509_EXTENSION_CRITICAL',
    'critical nameConstraints',
  ),
  'extension-unknown': zonalWith(
    [caConstraints(1), CA_USAGE, extension('1.3.6.1.4.1.99999.1', false, hex('0500'))],
    null,
    'unknown extension that is not critical',
  ),
  'extensions-empty': zonal({ extensions: [] }, 'X509_EXTENSIONS_MISSING', 'empty list'),
  'leaf-no-extensions': leaf({ extensions: null }, 'X509_EXTENSIONS_MISSING', 'none'),
  'leaf-is-ca': leafWith([caConstraints(null), LEAF_USAGE], 'LEAF_IS_CA', 'cA true'),
  'leaf-path-length': leafWith(
    [basicConstraints(sequence(rawInteger(0))), LEAF_USAGE],
    'LEAF_PATH_LENGTH',
    'pathLen without cA',
  ),
  'leaf-no-key-usage': leafWith([LEAF_CONSTRAINTS], 'LEAF_KEY_USAGE', 'no keyUsage'),
  'leaf-no-digital-signature': leafWith(
    [LEAF_CONSTRAINTS, keyUsage(0x40, 6, false)],
    'LEAF_KEY_USAGE',
    'no digitalSignature',
  ),
  'leaf-cert-sign': leafWith([LEAF_CONSTRAINTS, keyUsage(0x84, 2, false)], 'LEAF_KEY_USAGE', 'keyCertSign'),
  'leaf-key-usage-empty': leafWith(
    [LEAF_CONSTRAINTS, extension('2.5.29.15', false, bits(Buffer.alloc(0)))],
    'X509_KEY_USAGE',
    'no bit',
  ),
  'leaf-key-usage-padded': leafWith(
    [LEAF_CONSTRAINTS, keyUsage(0xc0, 5, false)],
    'X509_KEY_USAGE',
    'trailing zero bit',
  ),
  'leaf-key-usage-octets': leafWith(
    [LEAF_CONSTRAINTS, extension('2.5.29.15', false, der(0x04, Buffer.of(6, 0xc0)))],
    'X509_KEY_USAGE',
    'octet string',
  ),
  'leaf-key-usage-critical': leafWith([LEAF_CONSTRAINTS, keyUsage(0xc0, 6, true)], null, 'critical keyUsage'),
};

const STRUCTURE: VectorCases = {
  'version-1': zonal({ version: Buffer.alloc(0), extensions: null }, 'X509_VERSION', 'v1'),
  'version-2': zonal({ version: der(0xa0, rawInteger(1)) }, 'X509_VERSION', 'v2'),
  'serial-zero': zonal({ serial: rawInteger(0) }, 'X509_SERIAL', '0'),
  'serial-negative': zonal({ serial: rawInteger(0xff) }, 'X509_SERIAL', '-1'),
  'serial-21-bytes': zonal({ serial: integer(Buffer.alloc(21, 1)) }, 'X509_SERIAL', '21 bytes'),
  'serial-padded': zonal({ serial: rawInteger(0, 1) }, 'X509_DER', 'leading zero'),
  'certificate-trailing': zonal(
    { finish: (bytes) => Buffer.concat([bytes, hex('00')]) },
    'X509_TRAILING_BYTES',
    'a byte after it',
  ),
  'certificate-inner-trailing': zonal(
    { finish: (bytes) => sequence(bytes.subarray(4), hex('0500')) },
    'X509_DER',
    'an element after the signature',
  ),
  'certificate-long-length': zonal({ finish: hardened }, 'X509_DER', 'length that is not minimal'),
  'certificate-truncated': zonal({ finish: (bytes) => bytes.subarray(0, -1) }, 'X509_DER', 'one byte short'),
  'certificate-indefinite': zonal(
    { finish: (bytes) => Buffer.concat([hex('3080'), bytes.subarray(4), hex('0000')]) },
    'X509_DER',
    'indefinite length',
  ),
  'certificate-deep': zonal({ subject: nested(40) }, 'X509_DER', '40 levels'),
  'algorithm-mismatch': zonal(
    { innerAlgorithm: chain.ECDSA_SHA256 },
    'X509_SIGNATURE_ALGORITHM_MISMATCH',
    'inner ecdsa-with-SHA256',
  ),
  'algorithm-sha256': zonal(
    { innerAlgorithm: chain.ECDSA_SHA256, outerAlgorithm: chain.ECDSA_SHA256 },
    'X509_SIGNATURE_ALGORITHM',
    'ecdsa-with-SHA256',
  ),
  'algorithm-parameters': zonal(
    { innerAlgorithm: withNull(), outerAlgorithm: withNull() },
    'X509_SIGNATURE_ALGORITHM',
    'NULL parameters',
  ),
  'key-p256': leaf({ key: p256 }, 'X509_PUBLIC_KEY', 'P-256'),
  'key-p521': leaf({ key: p521 }, 'X509_PUBLIC_KEY', 'P-521'),
  'key-rsa': leaf({ key: rsa }, 'X509_PUBLIC_KEY', 'RSA'),
  'key-brainpool': leaf({ key: brainpool }, 'X509_PUBLIC_KEY', 'brainpoolP384r1'),
  'key-compressed': leaf({ spki: spki(compressed()) }, 'X509_PUBLIC_KEY', 'compressed point'),
  'key-off-curve': leaf({ spki: spki(offCurve()) }, 'X509_PUBLIC_KEY', 'not on the curve'),
  'key-zero': leaf(
    { spki: spki(Buffer.concat([Buffer.of(4), Buffer.alloc(96)])) },
    'X509_PUBLIC_KEY',
    '(0, 0)',
  ),
  'key-infinity': leaf({ spki: spki(Buffer.of(0)) }, 'X509_PUBLIC_KEY', 'point at infinity'),
  'ca-key-p256': {
    reason: 'zonal key on P-256',
    code: 'X509_PUBLIC_KEY',
    defects: { certificates: { zonal: { key: p256 } } },
  },
  'signature-der-s-zero': zonal({ signature: ecdsa(ONE, Buffer.of(0)) }, 'X509_SIGNATURE_ENCODING', 's = 0'),
  'signature-der-r-order': zonal({ signature: ecdsa(P384_ORDER, ONE) }, 'X509_SIGNATURE_ENCODING', 'r = n'),
  'signature-der-49-bytes': zonal(
    { signature: ecdsa(Buffer.alloc(49, 1), ONE) },
    'X509_SIGNATURE_ENCODING',
    'r of 49 bytes',
  ),
  'signature-der-trailing': zonal(
    { signature: (bytes) => Buffer.concat([bytes, hex('00')]) },
    'X509_SIGNATURE_ENCODING',
    'a byte after it',
  ),
  'signature-raw': zonal(
    { signature: () => Buffer.alloc(96, 1) },
    'X509_SIGNATURE_ENCODING',
    'r||s instead of DER',
  ),
  'signature-other-key': zonal(
    { signer: other.privateKey },
    'X509_SIGNATURE_INVALID',
    'signed by another key',
  ),
  'signature-region-other-key': of(
    'region',
    { signer: other.privateKey },
    'X509_SIGNATURE_INVALID',
    'signed by another key',
  ),
  'signature-leaf-other-key': leaf(
    { signer: other.privateKey },
    'X509_SIGNATURE_INVALID',
    'signed by another key',
  ),
};

const DATES: VectorCases = {
  'leaf-expired': leaf({ notAfter: utcTime('260901115959Z') }, 'X509_EXPIRED', 'since a second'),
  'leaf-last-second': leaf({ notAfter: utcTime('260901120000Z') }, null, 'in its last second'),
  'leaf-not-yet-valid': leaf({ notBefore: utcTime('260901120001Z') }, 'X509_NOT_YET_VALID', 'in a second'),
  'instance-expired': of(
    'instance',
    { notAfter: utcTime('260901115959Z') },
    'X509_EXPIRED',
    'since a second',
  ),
  'region-expired': of('region', { notAfter: utcTime('260901115959Z') }, 'X509_EXPIRED', 'since a second'),
  'region-not-yet-valid': of(
    'region',
    { notBefore: utcTime('260901120001Z') },
    'X509_NOT_YET_VALID',
    'in a second',
  ),
  'date-february-30': zonal({ notAfter: utcTime('270230000000Z') }, 'X509_DATE', 'February 30'),
  'date-hour-24': zonal({ notAfter: utcTime('270228240000Z') }, 'X509_DATE', 'hour 24'),
  'date-second-60': zonal({ notAfter: utcTime('270228235960Z') }, 'X509_DATE', 'second 60'),
  'date-month-0': zonal({ notAfter: utcTime('270010000000Z') }, 'X509_DATE', 'month 0'),
  'date-no-seconds': zonal({ notAfter: utcTime('2702280000Z') }, 'X509_DATE', 'without seconds'),
  'date-offset': zonal({ notAfter: utcTime('270228000000+0000') }, 'X509_DATE', 'with an offset'),
  'date-fraction': zonal({ notAfter: generalizedTime('20510228000000.5Z') }, 'X509_DATE', 'with a fraction'),
  'date-generalized-2049': zonal(
    { notAfter: generalizedTime('20491231235959Z') },
    'X509_DATE',
    'GeneralizedTime before 2050',
  ),
  'date-generalized-2051': zonal(
    { notAfter: generalizedTime('20510101000000Z') },
    null,
    'GeneralizedTime from 2050',
  ),
  'date-integer': zonal({ notAfter: rawInteger(1) }, 'X509_DATE', 'an integer'),
  'root-expired': {
    reason: 'root expired since a second',
    code: 'X509_EXPIRED',
    root: () => chain.selfSignedRoot({ notAfter: utcTime('260901115959Z') }),
  },
  'root-not-yet-valid': {
    reason: 'root valid in a second',
    code: 'X509_NOT_YET_VALID',
    root: () => chain.selfSignedRoot({ notBefore: utcTime('260901120001Z') }),
  },
  'root-generalized-2050': {
    reason: 'root until 2050-09-10 like that of GovCloud',
    code: null,
    root: () => chain.selfSignedRoot({ notAfter: generalizedTime('20500910000000Z') }),
  },
  'root-path-length': {
    reason: 'root with pathLen 2 above three CAs',
    code: 'CA_PATH_LENGTH',
    root: () => chain.selfSignedRoot({ extensions: [caConstraints(2), CA_USAGE] }),
  },
  'root-no-cert-sign': {
    reason: 'root without keyCertSign',
    code: 'CA_KEY_USAGE',
    root: () => chain.selfSignedRoot({ extensions: [caConstraints(null), keyUsage(0x82, 1)] }),
  },
};

/** Certificates one by one. */
export const CERTIFICATE_CASES: VectorCases = { ...EXTENSIONS, ...STRUCTURE, ...DATES };

function nested(levels: number): Uint8Array {
  let inner: Uint8Array = commonName('deep');
  for (let level = 0; level < levels; level += 1) inner = sequence(inner);
  return inner;
}

function withNull(): Uint8Array {
  return sequence(oid('1.2.840.10045.4.3.3'), hex('0500'));
}
