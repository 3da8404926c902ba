// TRUST BOUNDARY: COSE_Sign1 envelopes from whoever sent the document or the certificate.
import { assertThat } from './attestation-error.ts';
import { type Bytes, concatBytes, equalBytes } from './bytes.ts';
import { CborReader, MAJOR } from './cbor-reader.ts';

/** The one form of COSE_Sign1 that is accepted for a kind of message. */
export interface CoseProfile {
  /** Exact bytes of the protected header's map. */
  readonly protectedHeader: Bytes;
  readonly maxPayloadLength: number;
  /** Whether one tag 18 may stand in front (RFC 9052 section 2). */
  readonly mayBeTagged: boolean;
}

/** {1: -35}, ES384 with r||s of 96 bytes: what the Nitro Security Module signs. */
export const ATTESTATION_PROFILE: CoseProfile = {
  protectedHeader: Uint8Array.of(0xa1, 0x01, 0x38, 0x22),
  maxPayloadLength: 16384,
  mayBeTagged: true,
};

export interface CoseSign1 {
  readonly payload: Bytes;
  /** Of whatever length it came; whoever verifies it checks that. */
  readonly signature: Bytes;
  /** What the signature is over: Sig_structure of RFC 9052 section 4.4 with empty external data. */
  readonly signedBytes: Bytes;
}

const COSE_SIGN1_TAG = 0xd2;
const EMPTY_MAP = 0xa0;
const CONTEXT = new TextEncoder().encode('Signature1');

/**
 * Splits a COSE_Sign1 (RFC 9052 section 4.2) of exactly the given profile; verifies nothing.
 * @throws COSE_* for another structure, CBOR_* for an encoding that is never accepted
 */
export function splitCoseSign1(untrusted: Bytes, profile: CoseProfile): CoseSign1 {
  const tagged = profile.mayBeTagged && untrusted[0] === COSE_SIGN1_TAG;
  const bytes = tagged ? untrusted.slice(1) : untrusted;
  const reader = new CborReader(bytes);
  const outer = reader.head();
  assertThat(outer.major === MAJOR.array, 'COSE_NOT_ARRAY');
  assertThat(!outer.indefinite, 'CBOR_INDEFINITE_LENGTH', 'COSE_Sign1');
  assertThat(outer.argument === 4, 'COSE_ELEMENT_COUNT');

  const protectedHead = reader.head();
  assertThat(protectedHead.major === MAJOR.bytes, 'COSE_PROTECTED_HEADER');
  assertThat(equalBytes(reader.content(protectedHead), profile.protectedHeader), 'COSE_PROTECTED_HEADER');
  // Compared as a byte: a head would also read a0 out of ways to write it that have no business here.
  assertThat(bytes[reader.offset] === EMPTY_MAP, 'COSE_UNPROTECTED_HEADER');
  reader.head();

  const payloadHead = reader.head();
  assertThat(payloadHead.major === MAJOR.bytes, 'COSE_PAYLOAD');
  const payload = reader.content(payloadHead);
  assertThat(payload.length > 0 && payload.length <= profile.maxPayloadLength, 'COSE_PAYLOAD');

  const signatureHead = reader.head();
  assertThat(signatureHead.major === MAJOR.bytes, 'COSE_SIGNATURE_LENGTH');
  const signature = reader.content(signatureHead);
  assertThat(reader.atEnd, 'COSE_TRAILING_BYTES');
  return { payload, signature, signedBytes: encodeSigStructure(profile.protectedHeader, payload) };
}

/** ["Signature1", protected, h'', payload] in CBOR. */
function encodeSigStructure(protectedHeader: Bytes, payload: Bytes): Bytes {
  return concatBytes(
    Uint8Array.of(0x84),
    string(MAJOR.text, CONTEXT),
    string(MAJOR.bytes, protectedHeader),
    string(MAJOR.bytes, new Uint8Array(0)),
    string(MAJOR.bytes, payload),
  );
}

function string(major: number, content: Uint8Array): Bytes {
  const initial = major << 5;
  const { length } = content;
  if (length < 24) return concatBytes(Uint8Array.of(initial | length), content);
  if (length < 0x100) return concatBytes(Uint8Array.of(initial | 24, length), content);
  if (length < 0x10000) return concatBytes(Uint8Array.of(initial | 25, length >> 8, length & 0xff), content);
  const head = new Uint8Array(5);
  head[0] = initial | 26;
  new DataView(head.buffer).setUint32(1, length);
  return concatBytes(head, content);
}
