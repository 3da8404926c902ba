import { Buffer } from 'node:buffer';
import { generateKeyPairSync } from 'node:crypto';
import { hex } from './cbor-writer.ts';
import { leaf, of, zonal } from './certificate-case.ts';
import * as chain from './chain.ts';
import { bits, commonName, der, integer, oid, rawInteger, sequence } from './der-writer.ts';
import type { VectorCases } from './vector-case.ts';

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

/** Structure, keys and signatures of certificates. */
export const CERTIFICATE_CASES: VectorCases = {
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

function nested(levels: number): Uint8Array {
  let inner: Uint8Array = commonName('deep');
  for (let level = 0; level < levels; level += 1) inner = sequence(inner);
  return inner;
}

function withNull(): Uint8Array {
  return sequence(oid('1.2.840.10045.4.3.3'), hex('0500'));
}
