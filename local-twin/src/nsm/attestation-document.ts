import { Buffer } from 'node:buffer';
import { type KeyObject, sign } from 'node:crypto';
import { concatBytes } from '../x509/der-encode.ts';

/** Payload of an attestation document, in the order in which the Nitro Security Module writes it. */
export interface AttestationPayload {
  readonly moduleId: string;
  readonly timestampMs: number;
  /** Locked PCRs by ascending index, 48 bytes each. */
  readonly pcrs: readonly (readonly [index: number, value: Uint8Array])[];
  readonly certificate: Uint8Array;
  /** Root first. */
  readonly cabundle: readonly Uint8Array[];
  readonly publicKey: Uint8Array | null;
  readonly userData: Uint8Array | null;
  readonly nonce: Uint8Array | null;
}

const MAJOR = { unsigned: 0, bytes: 2, text: 3, array: 4, map: 5 } as const;
const INDEFINITE_MAP = Uint8Array.of(0xbf);
const BREAK = Uint8Array.of(0xff);
const NULL = Uint8Array.of(0xf6);
/** Bytes of the protected header {1: -35}, ES384. */
const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);
const EMPTY_MAP = Uint8Array.of(0xa0);

/**
 * Signs a COSE_Sign1 attestation document (RFC 9052 section 4.4) byte-shaped as those of today's hardware: untagged,
 * empty unprotected header, payload map of indefinite length with explicit nulls, signature of 96 bytes r||s.
 */
export function signAttestationDocument(payload: AttestationPayload, leafKey: KeyObject): Uint8Array {
  const payloadBytes = bytes(encodePayload(payload));
  const sigStructure = concatBytes(
    head(MAJOR.array, 4),
    text('Signature1'),
    bytes(PROTECTED),
    bytes(new Uint8Array(0)),
    payloadBytes,
  );
  const signature = sign('sha384', sigStructure, { key: leafKey, dsaEncoding: 'ieee-p1363' });
  return concatBytes(head(MAJOR.array, 4), bytes(PROTECTED), EMPTY_MAP, payloadBytes, bytes(signature));
}

function encodePayload(payload: AttestationPayload): Uint8Array {
  const timestamp = new Uint8Array(9);
  timestamp[0] = 0x1b;
  new DataView(timestamp.buffer).setBigUint64(1, BigInt(payload.timestampMs));
  const pcrs = payload.pcrs.map(([index, value]) => concatBytes(head(MAJOR.unsigned, index), bytes(value)));
  return concatBytes(
    INDEFINITE_MAP,
    ...field('module_id', text(payload.moduleId)),
    ...field('digest', text('SHA384')),
    ...field('timestamp', timestamp),
    ...field('pcrs', concatBytes(head(MAJOR.map, pcrs.length), ...pcrs)),
    ...field('certificate', bytes(payload.certificate)),
    ...field(
      'cabundle',
      concatBytes(head(MAJOR.array, payload.cabundle.length), ...payload.cabundle.map(bytes)),
    ),
    ...field('public_key', optional(payload.publicKey)),
    ...field('user_data', optional(payload.userData)),
    ...field('nonce', optional(payload.nonce)),
    BREAK,
  );
}

const field = (name: string, value: Uint8Array): readonly Uint8Array[] => [text(name), value];
const optional = (value: Uint8Array | null): Uint8Array => (value === null ? NULL : bytes(value));
const bytes = (value: Uint8Array): Uint8Array => concatBytes(head(MAJOR.bytes, value.length), value);

function text(value: string): Uint8Array {
  const utf8 = Buffer.from(value, 'utf8');
  return concatBytes(head(MAJOR.text, utf8.length), utf8);
}

/** Minimal head (RFC 8949 section 3) of an argument below 65536. */
function head(major: number, argument: number): Uint8Array {
  const initial = major << 5;
  if (argument < 24) return Uint8Array.of(initial | argument);
  if (argument < 0x100) return Uint8Array.of(initial | 24, argument);
  return Uint8Array.of(initial | 25, argument >> 8, argument & 0xff);
}
