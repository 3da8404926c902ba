import { Buffer } from 'node:buffer';
import { array, bstr, chunked, hex, map, NULL, openArray, openMap, tstr, uint } from './cbor-writer.ts';
import { type Issued, MODULE_ID } from './chain.ts';
import { type DocumentDefects, NONCE, pcr, pcrMap, pcrValues } from './document.ts';
import type { VectorCase, VectorCases } from './vector-case.ts';

const of = (defects: DocumentDefects, code: VectorCase['code'], reason: string): VectorCase => ({
  reason,
  code,
  defects,
});
const field = (
  name: string,
  value: Uint8Array | null,
  code: VectorCase['code'],
  reason: string,
): VectorCase => of({ fields: { [name]: value } }, code, reason);
const extra = (key: Uint8Array, value: Uint8Array, code: VectorCase['code'], reason: string): VectorCase =>
  of({ extra: [[key, value]] }, code, reason);
const bundle = (change: (ders: readonly Uint8Array[]) => readonly Uint8Array[]): DocumentDefects => ({
  bundle: (issued: readonly Issued[]) => {
    const ders = issued.map(({ der }) => der);
    return { cabundle: change(ders.slice(0, -1)), leaf: ders.at(-1) ?? Buffer.alloc(0) };
  },
});

const MANDATORY = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'];
const MISSING = Object.fromEntries(
  MANDATORY.flatMap((name) => [
    [`missing-${name}`, field(name, null, 'FIELD_MISSING', `${name} missing`)],
    [`null-${name}`, field(name, NULL, 'FIELD_NULL', `${name} null`)],
    [
      `type-${name}`,
      field(name, name === 'cabundle' ? uint(1) : hex('8101'), 'FIELD_TYPE', `${name} of another type`),
    ],
  ]),
);

/** Payload map, its encoding and its fields. */
export const PAYLOAD_CASES: VectorCases = {
  'map-indefinite': of({}, null, 'as hardware writes it since 2025'),
  'map-definite': of({ payload: (entries) => map(...entries) }, null, 'as hardware wrote it until 2025'),
  'map-reordered': of(
    { payload: (entries) => map(...[...entries].reverse()) },
    null,
    'order of the fields means nothing',
  ),
  'payload-array': of(
    { payload: (entries) => array(...entries.map(([, value]) => value)) },
    'PAYLOAD_NOT_MAP',
    'array',
  ),
  'payload-tagged': of(
    { payload: (entries) => Buffer.concat([hex('d818'), openMap(...entries)]) },
    'CBOR_TAG',
    'tagged map',
  ),
  'payload-trailing': of(
    { payload: (entries) => Buffer.concat([openMap(...entries), hex('00')]) },
    'PAYLOAD_TRAILING_BYTES',
    'a byte after the map',
  ),
  'payload-second-map': of(
    { payload: (entries) => Buffer.concat([openMap(...entries), openMap(...entries)]) },
    'PAYLOAD_TRAILING_BYTES',
    'two maps',
  ),
  'payload-unclosed': of(
    { payload: (entries) => openMap(...entries).subarray(0, -1) },
    'CBOR_TRUNCATED',
    'no break',
  ),
  'payload-count-short': of(
    { payload: (entries) => Buffer.concat([hex('a8'), ...entries.flat()]) },
    'PAYLOAD_TRAILING_BYTES',
    'count below the entries',
  ),
  'payload-count-long': of(
    { payload: (entries) => Buffer.concat([hex('aa'), ...entries.flat()]) },
    'CBOR_TRUNCATED',
    'count above the entries',
  ),
  'payload-wide-head': of(
    { payload: (entries) => Buffer.concat([hex('b809'), ...entries.flat()]) },
    'CBOR_NON_MINIMAL',
    'map head in two bytes',
  ),
  'key-duplicate': extra(tstr('nonce'), bstr(NONCE), 'CBOR_DUPLICATE_KEY', 'nonce twice'),
  'key-duplicate-pcrs': extra(tstr('pcrs'), pcrMap(pcrValues()), 'CBOR_DUPLICATE_KEY', 'pcrs twice'),
  'key-duplicate-wide': extra(
    Buffer.concat([hex('7805'), Buffer.from('nonce')]),
    NULL,
    'CBOR_NON_MINIMAL',
    'nonce again, with a head in two bytes',
  ),
  'key-unknown': extra(tstr('extra'), uint(1), 'FIELD_UNKNOWN', 'a field of no document'),
  'key-proto': extra(tstr('__proto__'), map([tstr('debug'), uint(0)]), 'FIELD_UNKNOWN', '__proto__'),
  'key-constructor': extra(tstr('constructor'), NULL, 'FIELD_UNKNOWN', 'constructor'),
  'key-empty': extra(tstr(''), NULL, 'FIELD_UNKNOWN', 'empty name'),
  'key-integer': extra(uint(1), NULL, 'FIELD_NAME', 'integer'),
  'key-bytes': extra(bstr(Buffer.from('nonce')), NULL, 'FIELD_NAME', 'byte string'),
  'key-invalid-utf8': extra(hex('62c328'), NULL, 'CBOR_INVALID_UTF8', 'not UTF-8'),
  'key-chunked': extra(chunked(3, tstr('non'), tstr('ce')), NULL, 'CBOR_CHUNKED_STRING', 'nonce in chunks'),
  ...MISSING,
  'optional-null': of(
    { fields: { public_key: NULL, user_data: NULL, nonce: NULL } },
    null,
    'all optional fields null',
  ),
  'optional-absent': of(
    { fields: { public_key: null, user_data: null, nonce: null } },
    null,
    'all optional fields absent',
  ),
  'optional-empty': of(
    { fields: { user_data: bstr(Buffer.alloc(0)), nonce: bstr(Buffer.alloc(0)) } },
    null,
    'empty user_data and nonce',
  ),
  'optional-longest': of(
    {
      fields: {
        public_key: bstr(Buffer.alloc(1024, 1)),
        user_data: bstr(Buffer.alloc(512, 1)),
        nonce: bstr(Buffer.alloc(512, 1)),
      },
    },
    null,
    'longest that are allowed',
  ),
  'module-id-empty': field('module_id', tstr(''), 'MODULE_ID_EMPTY', 'empty'),
  'module-id-tpm': field(
    'module_id',
    tstr('i-0123456789abcdef0-tpm0000000000000000'),
    'NITROTPM_DOCUMENT',
    'of NitroTPM',
  ),
  'module-id-qemu': field('module_id', tstr('i-234-enc5678'), 'MODULE_ID_FORMAT', "QEMU's"),
  'module-id-suffix': field('module_id', tstr(`${MODULE_ID}0`), 'MODULE_ID_FORMAT', 'one digit more'),
  'module-id-newline': field('module_id', tstr(`${MODULE_ID}\n`), 'MODULE_ID_FORMAT', 'a newline after it'),
  'module-id-upper-case': field('module_id', tstr(MODULE_ID.toUpperCase()), 'MODULE_ID_FORMAT', 'upper case'),
  'module-id-bom': field(
    'module_id',
    tstr(`\uFEFF${MODULE_ID}`),
    'MODULE_ID_FORMAT',
    'a byte order mark before it',
  ),
  'module-id-invalid-utf8': field('module_id', hex('62c328'), 'CBOR_INVALID_UTF8', 'not UTF-8'),
  'module-id-chunked': field('module_id', chunked(3, tstr(MODULE_ID)), 'CBOR_CHUNKED_STRING', 'in chunks'),
  'module-id-bytes': field('module_id', bstr(Buffer.from(MODULE_ID)), 'FIELD_TYPE', 'byte string'),
  'digest-sha256': field('digest', tstr('SHA256'), 'DIGEST_ALGORITHM', 'SHA256'),
  'digest-lower-case': field('digest', tstr('sha384'), 'DIGEST_ALGORITHM', 'lower case'),
  'nitrotpm-beside': extra(
    tstr('nitrotpm_pcrs'),
    pcrMap([[0, pcr('tpm')]]),
    'NITROTPM_DOCUMENT',
    'nitrotpm_pcrs beside pcrs',
  ),
  'nitrotpm-instead': of(
    { fields: { pcrs: null }, extra: [[tstr('nitrotpm_pcrs'), pcrMap(pcrValues())]] },
    'NITROTPM_DOCUMENT',
    'nitrotpm_pcrs instead of pcrs',
  ),
  'timestamp-zero': field('timestamp', uint(0), 'TIMESTAMP_RANGE', '0'),
  'timestamp-negative': field('timestamp', hex('20'), 'TIMESTAMP_RANGE', '-1'),
  'timestamp-beyond-2-53': field('timestamp', hex('1b0020000000000000'), 'CBOR_INTEGER_RANGE', '2^53'),
  'timestamp-float': field('timestamp', hex('fb42799f2d5f6c0000'), 'CBOR_FLOAT', 'double'),
  'timestamp-half': field('timestamp', hex('f93c00'), 'CBOR_FLOAT', 'half'),
  'timestamp-bignum': field('timestamp', hex('c24601970ab0c000'), 'CBOR_TAG', 'bignum'),
  'timestamp-epoch-tag': field('timestamp', hex('c11a6a95bd40'), 'CBOR_TAG', 'epoch time'),
  'timestamp-undefined': field('timestamp', hex('f7'), 'CBOR_SIMPLE_VALUE', 'undefined'),
  'timestamp-simple': field('timestamp', hex('f820'), 'CBOR_SIMPLE_VALUE', 'simple value 32'),
  'timestamp-reserved': field('timestamp', hex('1c'), 'CBOR_RESERVED', 'additional information 28'),
  'timestamp-indefinite': field('timestamp', hex('1f'), 'CBOR_RESERVED', 'integer of indefinite length'),
  'timestamp-text': field('timestamp', tstr('1788264000000'), 'FIELD_TYPE', 'text'),
  'certificate-empty': field('certificate', bstr(Buffer.alloc(0)), 'CERTIFICATE_LENGTH', 'empty'),
  'certificate-1025': field(
    'certificate',
    bstr(Buffer.alloc(1025, 0x30)),
    'CERTIFICATE_LENGTH',
    '1025 bytes',
  ),
  'certificate-chunked': field(
    'certificate',
    chunked(2, bstr(Buffer.alloc(10))),
    'CBOR_CHUNKED_STRING',
    'in chunks',
  ),
  'cabundle-empty': of(
    bundle(() => []),
    'CABUNDLE_EMPTY',
    'no certificate',
  ),
  'cabundle-entry-empty': of(
    bundle((ders) => [...ders, Buffer.alloc(0)]),
    'CERTIFICATE_LENGTH',
    'empty entry',
  ),
  'cabundle-entry-text': field('cabundle', array(tstr('x')), 'FIELD_TYPE', 'text entry'),
  'cabundle-entry-nested': field(
    'cabundle',
    array(array(bstr(Buffer.alloc(1)))),
    'FIELD_TYPE',
    'array in the array',
  ),
  'cabundle-nine': of(
    bundle((ders) => [...ders, ...ders, ...ders].slice(0, 9)),
    'CABUNDLE_TOO_LONG',
    'nine certificates',
  ),
  'cabundle-huge-count': field('cabundle', hex('9bffffffffffffffff'), 'CBOR_TRUNCATED', 'count of 2^64-1'),
  'cabundle-deep': field('cabundle', Buffer.alloc(5000, 0x81), 'FIELD_TYPE', '5000 levels'),
  'cabundle-indefinite': of({ payload: openBundle }, null, 'array of indefinite length'),
  'public-key-empty': field('public_key', bstr(Buffer.alloc(0)), 'PUBLIC_KEY_LENGTH', 'empty'),
  'public-key-1025': field('public_key', bstr(Buffer.alloc(1025)), 'PUBLIC_KEY_LENGTH', '1025 bytes'),
  'public-key-text': field('public_key', tstr('key'), 'FIELD_TYPE', 'text'),
  'user-data-513': field('user_data', bstr(Buffer.alloc(513)), 'USER_DATA_LENGTH', '513 bytes'),
  'user-data-false': field('user_data', hex('f4'), 'FIELD_TYPE', 'false'),
  'nonce-513': field('nonce', bstr(Buffer.alloc(513)), 'NONCE_LENGTH', '513 bytes'),
  'nonce-text': field('nonce', tstr('nonce'), 'FIELD_TYPE', 'text'),
};

/** Writes `cabundle`, whose head is one byte, with indefinite length. */
function openBundle(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  const name = tstr('cabundle');
  return openMap(
    ...entries.map(([key, value]) => [key, name.equals(key) ? openArray(value.subarray(1)) : value] as const),
  );
}
