// TRUST BOUNDARY: payloads of attestation documents, from whoever hands over the document.
import { AttestationError, type AttestationErrorCode, assertThat } from './attestation-error.ts';
import type { Bytes } from './bytes.ts';
import { type CborHead, CborReader, MAJOR, SIMPLE } from './cbor-reader.ts';

/** Fields of an attestation document, in the form that AWS prescribes and not otherwise checked. */
export interface AttestationDocument {
  /** `i-` 17 hex digits `-enc` 16 hex digits. */
  readonly moduleId: string;
  /** Milliseconds since the Unix epoch, by the hypervisor's clock. */
  readonly timestampMs: number;
  /** By index 0 to 31, 48 bytes each; only locked PCRs are in a document. */
  readonly pcrs: ReadonlyMap<number, Bytes>;
  /** DER, 1 to 1024 bytes. */
  readonly certificate: Bytes;
  /** DER, root first, 1 to 8 certificates of 1 to 1024 bytes. */
  readonly cabundle: readonly Bytes[];
  /** 1 to 1024 bytes. */
  readonly publicKey: Bytes | null;
  /** 0 to 512 bytes. */
  readonly userData: Bytes | null;
  /** 0 to 512 bytes. */
  readonly nonce: Bytes | null;
}

const MAX_PCRS = 32;
export const PCR_BYTES = 48;
/** Real chains have four; bounds the number of signatures that a stranger can have us verify. */
const MAX_CABUNDLE = 8;
const MAX_CERTIFICATE_BYTES = 1024;
const MAX_PUBLIC_KEY_BYTES = 1024;
/** AWS's rule says 512 and its CDDL 1024; the rule is taken (docs/adr/0003). */
const MAX_USER_DATA_BYTES = 512;
const MAX_NONCE_BYTES = 512;
const ENCLAVE_MODULE_ID = /^i-[0-9a-f]{17}-enc[0-9a-f]{16}$/;
const TPM_MODULE_ID = /-tpm/;

type Decoder = (reader: CborReader, head: CborHead, field: string) => unknown;

// Null stands for an absent optional field, in every document that real hardware makes.
const FIELDS: ReadonlyMap<string, { readonly decode: Decoder; readonly optional: boolean }> = new Map([
  ['module_id', { decode: text, optional: false }],
  ['digest', { decode: text, optional: false }],
  ['timestamp', { decode: timestamp, optional: false }],
  ['pcrs', { decode: pcrs, optional: false }],
  ['certificate', { decode: certificate, optional: false }],
  ['cabundle', { decode: cabundle, optional: false }],
  ['public_key', { decode: optionalBytes(1, MAX_PUBLIC_KEY_BYTES, 'PUBLIC_KEY_LENGTH'), optional: true }],
  ['user_data', { decode: optionalBytes(0, MAX_USER_DATA_BYTES, 'USER_DATA_LENGTH'), optional: true }],
  ['nonce', { decode: optionalBytes(0, MAX_NONCE_BYTES, 'NONCE_LENGTH'), optional: true }],
]);

/**
 * Decodes the payload of an attestation document by AWS's rules (attestation_process.md 3.2.2) and verifies nothing.
 * The map, `pcrs` and `cabundle` may have definite or indefinite length; everything else is strict.
 * @throws CBOR_*, PAYLOAD_*, FIELD_*, NITROTPM_DOCUMENT, MODULE_ID_*, DIGEST_ALGORITHM, TIMESTAMP_RANGE, PCR_*,
 *   CERTIFICATE_LENGTH, CABUNDLE_*, PUBLIC_KEY_LENGTH, USER_DATA_LENGTH, NONCE_LENGTH
 */
export function decodeAttestationDocument(untrustedPayload: Bytes): AttestationDocument {
  const reader = new CborReader(untrustedPayload);
  const fields = readFields(reader);
  assertThat(reader.atEnd, 'PAYLOAD_TRAILING_BYTES');
  for (const [name, { optional }] of FIELDS) assertThat(optional || fields.has(name), 'FIELD_MISSING', name);
  const moduleId = fields.get('module_id') as string;
  assertThat(moduleId !== '', 'MODULE_ID_EMPTY');
  assertThat(!TPM_MODULE_ID.test(moduleId), 'NITROTPM_DOCUMENT', 'module_id');
  assertThat(ENCLAVE_MODULE_ID.test(moduleId), 'MODULE_ID_FORMAT');
  assertThat(fields.get('digest') === 'SHA384', 'DIGEST_ALGORITHM');
  // Each value was decoded by the decoder that stands beside its name.
  return {
    moduleId,
    timestampMs: fields.get('timestamp') as number,
    pcrs: fields.get('pcrs') as ReadonlyMap<number, Bytes>,
    certificate: fields.get('certificate') as Bytes,
    cabundle: fields.get('cabundle') as readonly Bytes[],
    publicKey: (fields.get('public_key') ?? null) as Bytes | null,
    userData: (fields.get('user_data') ?? null) as Bytes | null,
    nonce: (fields.get('nonce') ?? null) as Bytes | null,
  };
}

/** A Map, because a field named `__proto__` must be a name like any other. */
function readFields(reader: CborReader): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  const map = reader.head();
  assertThat(map.major === MAJOR.map, 'PAYLOAD_NOT_MAP');
  while (!reader.endsAfter(map, fields.size)) {
    const key = reader.head();
    assertThat(key.major === MAJOR.text, 'FIELD_NAME');
    const name = reader.text(key);
    assertThat(name !== 'nitrotpm_pcrs', 'NITROTPM_DOCUMENT', 'nitrotpm_pcrs');
    assertThat(!fields.has(name), 'CBOR_DUPLICATE_KEY', 'payload');
    const field = FIELDS.get(name);
    if (field === undefined) throw new AttestationError('FIELD_UNKNOWN');
    const value = reader.head();
    assertThat(field.optional || !isNull(value), 'FIELD_NULL', name);
    fields.set(name, field.decode(reader, value, name));
  }
  return fields;
}

const isNull = (head: CborHead): boolean => head.major === MAJOR.simple && head.argument === SIMPLE.null;

function text(reader: CborReader, head: CborHead, field: string): string {
  assertThat(head.major === MAJOR.text, 'FIELD_TYPE', field);
  return reader.text(head);
}

function timestamp(_reader: CborReader, head: CborHead, field: string): number {
  assertThat(head.major !== MAJOR.negative, 'TIMESTAMP_RANGE');
  assertThat(head.major === MAJOR.unsigned, 'FIELD_TYPE', field);
  assertThat(head.argument > 0, 'TIMESTAMP_RANGE');
  return head.argument;
}

function pcrs(reader: CborReader, map: CborHead, field: string): ReadonlyMap<number, Bytes> {
  assertThat(map.major === MAJOR.map, 'FIELD_TYPE', field);
  assertThat(map.argument <= MAX_PCRS, 'PCR_COUNT');
  const values = new Map<number, Bytes>();
  while (!reader.endsAfter(map, values.size)) {
    const index = reader.head();
    assertThat(index.major === MAJOR.unsigned && index.argument < MAX_PCRS, 'PCR_INDEX');
    assertThat(!values.has(index.argument), 'CBOR_DUPLICATE_KEY', field);
    const value = reader.head();
    assertThat(
      value.major === MAJOR.bytes && value.argument === PCR_BYTES,
      'PCR_LENGTH',
      `PCR${index.argument}`,
    );
    values.set(index.argument, reader.content(value));
  }
  assertThat(values.size > 0, 'PCR_COUNT');
  return values;
}

function certificate(reader: CborReader, head: CborHead, field: string): Bytes {
  assertThat(head.major === MAJOR.bytes, 'FIELD_TYPE', field);
  const content = reader.content(head);
  assertThat(content.length > 0 && content.length <= MAX_CERTIFICATE_BYTES, 'CERTIFICATE_LENGTH', field);
  return content;
}

function cabundle(reader: CborReader, array: CborHead, field: string): readonly Bytes[] {
  assertThat(array.major === MAJOR.array, 'FIELD_TYPE', field);
  const certificates: Bytes[] = [];
  while (!reader.endsAfter(array, certificates.length)) {
    assertThat(certificates.length < MAX_CABUNDLE, 'CABUNDLE_TOO_LONG');
    certificates.push(certificate(reader, reader.head(), `cabundle[${certificates.length}]`));
  }
  assertThat(certificates.length > 0, 'CABUNDLE_EMPTY');
  return certificates;
}

function optionalBytes(min: number, max: number, code: AttestationErrorCode): Decoder {
  return (reader, head, field) => {
    if (isNull(head)) return null;
    assertThat(head.major === MAJOR.bytes, 'FIELD_TYPE', field);
    const content = reader.content(head);
    assertThat(content.length >= min && content.length <= max, code);
    return content;
  };
}
