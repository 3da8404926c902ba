import { Buffer } from 'node:buffer';
import { array, bstr, chunked, hex, map, NULL, tstr, uint } from './cbor-writer.ts';
import { type EnvelopeParts, envelope } from './document.ts';
import type { VectorCase, VectorCases } from './vector-case.ts';

const P384_ORDER = hex(
  'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
);
const ZERO = Buffer.alloc(48);

const header = (header: string, reason: string): VectorCase => ({
  reason,
  code: 'COSE_PROTECTED_HEADER',
  defects: { envelope: (parts) => envelope({ ...parts, header: hex(header) }) },
});
const outer = (
  make: (parts: EnvelopeParts) => Uint8Array,
  code: VectorCase['code'],
  reason: string,
): VectorCase => ({
  reason,
  code,
  defects: { envelope: make },
});
const unprotected = (value: string, reason: string): VectorCase =>
  outer((parts) => envelope({ ...parts, unprotected: hex(value) }), 'COSE_UNPROTECTED_HEADER', reason);
const payload = (value: Uint8Array, reason: string): VectorCase =>
  outer(
    ({ header, signature }) => array(bstr(header), hex('a0'), value, bstr(signature)),
    'COSE_PAYLOAD',
    reason,
  );
const signature = (
  make: (rs: Buffer) => Uint8Array,
  code: VectorCase['code'],
  reason: string,
): VectorCase => ({
  reason,
  code,
  defects: { signature: make },
});

/** Input and COSE_Sign1 envelope. */
export const ENVELOPE_CASES: VectorCases = {
  'input-empty': { reason: 'no bytes', code: 'INPUT_EMPTY', bytes: () => Buffer.alloc(0) },
  'input-over-16k': {
    reason: 'more than 16384 bytes',
    code: 'INPUT_TOO_LARGE',
    bytes: (document) => Buffer.concat([document, Buffer.alloc(16384)]),
  },
  'input-base64': {
    reason: 'base64',
    code: 'INPUT_IS_TEXT',
    bytes: (document) => Buffer.from(document.toString('base64')),
  },
  'input-hex': {
    reason: 'hexadecimal',
    code: 'INPUT_IS_TEXT',
    bytes: (document) => Buffer.from(`${document.toString('hex')}\n`),
  },
  'input-json': {
    reason: 'JSON',
    code: 'INPUT_IS_TEXT',
    bytes: () => Buffer.from('{"attestationDocument":""}'),
  },
  'tag-18': {
    reason: 'the one tag that COSE_Sign1 may have',
    code: null,
    bytes: (document) => Buffer.concat([hex('d2'), document]),
  },
  'tag-18-twice': {
    reason: 'two tags',
    code: 'CBOR_TAG',
    bytes: (document) => Buffer.concat([hex('d2d2'), document]),
  },
  'tag-18-wide': {
    reason: 'tag 18 in two bytes',
    code: 'CBOR_TAG',
    bytes: (document) => Buffer.concat([hex('d812'), document]),
  },
  'tag-55799': {
    reason: 'self-described CBOR',
    code: 'CBOR_TAG',
    bytes: (document) => Buffer.concat([hex('d9d9f7'), document]),
  },
  'tag-61': {
    reason: 'CWT tag',
    code: 'CBOR_TAG',
    bytes: (document) => Buffer.concat([hex('d83d'), document]),
  },
  'trailing-byte': {
    reason: 'a byte after the envelope',
    code: 'COSE_TRAILING_BYTES',
    bytes: (document) => Buffer.concat([document, hex('00')]),
  },
  'trailing-document': {
    reason: 'the document twice',
    code: 'COSE_TRAILING_BYTES',
    bytes: (document) => Buffer.concat([document, document]),
  },
  truncated: {
    reason: 'half of a document',
    code: 'CBOR_TRUNCATED',
    bytes: (document) => document.subarray(0, document.length / 2),
  },
  'outer-byte-string': outer(
    ({ payload }) => bstr(payload),
    'COSE_NOT_ARRAY',
    'payload alone in a byte string',
  ),
  'outer-three': outer(
    ({ header, payload, signature }) => array(bstr(header), bstr(payload), bstr(signature)),
    'COSE_ELEMENT_COUNT',
    'no unprotected header',
  ),
  'outer-indefinite': {
    reason: 'array of indefinite length',
    code: 'CBOR_INDEFINITE_LENGTH',
    bytes: (document) => Buffer.concat([hex('9f'), document.subarray(1), hex('ff')]),
  },
  'outer-wide-head': {
    reason: 'array head in three bytes',
    code: 'CBOR_NON_MINIMAL',
    bytes: (document) => Buffer.concat([hex('990004'), document.subarray(1)]),
  },
  'outer-reserved-head': {
    reason: 'additional information 28',
    code: 'CBOR_RESERVED',
    bytes: (document) => Buffer.concat([hex('9c'), document.subarray(1)]),
  },
  'outer-break': {
    reason: 'a break where an item is due',
    code: 'CBOR_UNEXPECTED_BREAK',
    bytes: (document) => Buffer.concat([hex('ff'), document]),
  },
  'payload-wide-head': outer(
    ({ header, payload, signature }) =>
      Buffer.concat([hex('84'), bstr(header), hex('a05a0000'), bstr(payload).subarray(1), bstr(signature)]),
    'CBOR_NON_MINIMAL',
    'payload length in four bytes',
  ),
  'payload-chunked': outer(
    ({ header, payload, signature }) =>
      array(bstr(header), hex('a0'), chunked(2, bstr(payload)), bstr(signature)),
    'CBOR_CHUNKED_STRING',
    'payload in chunks',
  ),
  'header-empty': header('', 'empty protected header'),
  'header-empty-map': header('a0', 'no algorithm'),
  'header-es256': header('a10126', 'ES256'),
  'header-es512': header('a1013823', 'ES512'),
  'header-hmac': header('a10105', 'HMAC'),
  'header-text-algorithm': header('a1016545533338 34', 'algorithm as text'),
  'header-key-id': header('a2013822044161', 'a key id beside the algorithm'),
  'header-critical': header('a20138220281 01', 'crit'),
  'header-duplicate': header('a2013822013822', 'algorithm twice'),
  'header-indefinite': header('bf013822ff', 'map of indefinite length'),
  'header-wide': header('a101390022', 'algorithm in three bytes'),
  'header-trailing': header('a101382200', 'a byte after the map'),
  'header-not-string': outer(
    ({ payload, signature }) => array(hex('a1013822'), hex('a0'), bstr(payload), bstr(signature)),
    'COSE_PROTECTED_HEADER',
    'map instead of byte string',
  ),
  'unprotected-key-id': unprotected('a1044161', 'key id'),
  'unprotected-algorithm': unprotected('a1013822', 'algorithm'),
  'unprotected-indefinite': unprotected('bfff', 'empty, of indefinite length'),
  'unprotected-wide': unprotected('b800', 'empty, head in two bytes'),
  'unprotected-null': unprotected('f6', 'null'),
  'unprotected-array': unprotected('80', 'array'),
  'payload-null': payload(NULL, 'detached'),
  'payload-empty': payload(bstr(Buffer.alloc(0)), 'empty'),
  'payload-text': payload(tstr('payload'), 'text'),
  'payload-map': payload(map([uint(1), uint(1)]), 'map instead of byte string'),
  'signature-null': outer(
    ({ header, payload }) => array(bstr(header), hex('a0'), bstr(payload), NULL),
    'COSE_SIGNATURE_LENGTH',
    'null',
  ),
  'signature-empty': signature(() => Buffer.alloc(0), 'COSE_SIGNATURE_LENGTH', 'empty'),
  'signature-95': signature((rs) => rs.subarray(1), 'COSE_SIGNATURE_LENGTH', '95 bytes'),
  'signature-97': signature((rs) => Buffer.concat([hex('00'), rs]), 'COSE_SIGNATURE_LENGTH', '97 bytes'),
  'signature-r-zero': signature(
    (rs) => Buffer.concat([ZERO, rs.subarray(48)]),
    'COSE_SIGNATURE_RANGE',
    'r = 0',
  ),
  'signature-s-zero': signature(
    (rs) => Buffer.concat([rs.subarray(0, 48), ZERO]),
    'COSE_SIGNATURE_RANGE',
    's = 0',
  ),
  'signature-zero': signature(() => Buffer.alloc(96), 'COSE_SIGNATURE_RANGE', 'r = s = 0'),
  'signature-r-order': signature(
    (rs) => Buffer.concat([P384_ORDER, rs.subarray(48)]),
    'COSE_SIGNATURE_RANGE',
    'r = n',
  ),
  'signature-s-order': signature(
    (rs) => Buffer.concat([rs.subarray(0, 48), P384_ORDER]),
    'COSE_SIGNATURE_RANGE',
    's = n',
  ),
  'signature-s-negated': signature(
    negated,
    null,
    'the twin (r, n-s) verifies: never tell documents apart by their bytes',
  ),
  'signature-swapped': signature(
    (rs) => Buffer.concat([rs.subarray(48), rs.subarray(0, 48)]),
    'COSE_SIGNATURE_INVALID',
    's||r',
  ),
  'signature-sha256': { reason: 'over SHA-256', code: 'COSE_SIGNATURE_INVALID', defects: { hash: 'sha256' } },
  'payload-altered': outer(
    (parts) => envelope({ ...parts, payload: flipped(parts.payload) }),
    'COSE_SIGNATURE_INVALID',
    'nonce altered after signing',
  ),
};

function negated(rs: Buffer): Uint8Array {
  const order = BigInt(`0x${P384_ORDER.toString('hex')}`);
  const s = order - BigInt(`0x${rs.subarray(48).toString('hex')}`);
  return Buffer.concat([rs.subarray(0, 48), hex(s.toString(16).padStart(96, '0'))]);
}

/** The last byte before the break is the nonce's. */
function flipped(payload: Uint8Array): Uint8Array {
  const copy = Buffer.from(payload);
  copy[copy.length - 2] = (copy[copy.length - 2] ?? 0) ^ 1;
  return copy;
}
