// TRUST BOUNDARY: attestation documents from anyone.

import { type AttestationDocument, decodeAttestationDocument } from './attestation-document.ts';
import { AttestationError, assertThat } from './attestation-error.ts';
import type { Freshness } from './attestation-policy.ts';
import { type Bytes, concatBytes, equalBytes, isBytes, sha384 } from './bytes.ts';
import {
  assertNotDenied,
  assertValidAt,
  type CertificateChain,
  type CertificateId,
  decodeChain,
  verifySignatures,
} from './certificate-chain.ts';
import { ATTESTATION_PROFILE, splitCoseSign1 } from './cose-sign1.ts';
import type { TrustAnchor } from './trust-anchors.ts';

/** A document that came from a Nitro Security Module at a time that is believed; whose image it is was not asked. */
export interface AuthenticDocument {
  readonly document: AttestationDocument;
  readonly chain: CertificateChain;
}

/** What authenticity depends on. */
export interface Authentication extends Freshness {
  readonly anchor: TrustAnchor;
  readonly deniedCertificates: readonly CertificateId[];
}

/** The NSM answers with at most 12 KiB. */
const MAX_DOCUMENT_BYTES = 16384;

/**
 * Copies the input, before anything is awaited: what was given is what is verified and what is returned. @throws INPUT_NOT_BYTES, INPUT_EMPTY, INPUT_TOO_LARGE,
 * INPUT_IS_TEXT
 */
export function readInput(untrusted: Uint8Array): Bytes {
  assertThat(isBytes(untrusted), 'INPUT_NOT_BYTES');
  assertThat(untrusted.length > 0, 'INPUT_EMPTY');
  assertThat(untrusted.length <= MAX_DOCUMENT_BYTES, 'INPUT_TOO_LARGE');
  const bytes = Uint8Array.from(untrusted);
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d;
  assertThat(!bytes.every(isPrintable), 'INPUT_IS_TEXT');
  return bytes;
}

/**
 * Verifies that a document is authentic: envelope, payload, certificates, all signatures, dates, age, PCR4.
 * First what it is, then who signed it, then when: an altered document is refused for its signature and not for what the
 * alteration happens to say.
 * @param untrusted from `readInput`
 * @throws every code of the groups INPUT, CBOR, COSE, PAYLOAD, FIELD, X509, CHAIN, CA, LEAF, TIMESTAMP, and PCR4_INCONSISTENT
 */
export async function authenticate(untrusted: Bytes, by: Authentication): Promise<AuthenticDocument> {
  const sign1 = splitCoseSign1(untrusted, ATTESTATION_PROFILE);
  const document = decodeAttestationDocument(sign1.payload);
  const chain = decodeChain(document, by.anchor.der);
  await verifySignatures(sign1, chain);
  assertNotDenied(chain, by.deniedCertificates);
  assertValidAt(chain, by.nowMs);
  assertFresh(document, chain, by);
  if (by.anchor.trust !== 'custom-root') await assertInstanceMeasured(document);
  return { document, chain };
}

function assertFresh({ timestampMs }: AttestationDocument, chain: CertificateChain, by: Freshness): void {
  const { leaf } = chain;
  assertThat(timestampMs <= by.nowMs + by.maxFutureSkewMs, 'TIMESTAMP_IN_FUTURE');
  assertThat(timestampMs >= by.nowMs - by.maxAgeMs, 'TIMESTAMP_TOO_OLD');
  const isWithin = timestampMs >= leaf.notBeforeMs && timestampMs <= leaf.notAfterMs;
  assertThat(isWithin, 'TIMESTAMP_OUTSIDE_CERTIFICATE');
}

/**
 * PCR4 = SHA-384(48 zero bytes || instance id) in every document of AWS's that was ever seen; other roots' need not be.
 * @throws PCR4_INCONSISTENT
 */
async function assertInstanceMeasured({ moduleId, pcrs }: AttestationDocument): Promise<void> {
  const pcr4 = pcrs.get(4);
  if (pcr4 === undefined) return;
  const instanceId = new TextEncoder().encode(moduleId.slice(0, moduleId.indexOf('-enc')));
  const measured = await sha384(concatBytes(new Uint8Array(pcr4.length), instanceId));
  if (!equalBytes(pcr4, measured)) throw new AttestationError('PCR4_INCONSISTENT');
}
