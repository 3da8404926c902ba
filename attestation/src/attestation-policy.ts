import type { AttestationDocument } from './attestation-document.ts';
import { assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes, isBytes } from './bytes.ts';
import type { CertificateId } from './certificate-chain.ts';
import { type ImageMeasurement, type PcrPins, readImages, readPcrSet } from './pcr-policy.ts';
import type { AwsPartition } from './trust-anchors.ts';

/** What is expected of an optional field: these exact bytes, that it is absent, or nothing, said aloud. */
export type Binding = Uint8Array | 'absent' | 'unchecked';

/** Freshness and context of a document; nothing here has a default. */
export interface ContextPolicy {
  /** The 1 to 512 bytes that were asked for, or the statement that none were. */
  readonly nonce: Uint8Array | 'none-asked';
  /** The verifier's own clock, milliseconds since the Unix epoch; never the document's. */
  readonly nowMs: number;
  /** How old a document may be. */
  readonly maxAgeMs: number;
  /** How far its timestamp may lie ahead of `nowMs`, at most an hour. */
  readonly maxFutureSkewMs: number;
  readonly userData: Binding;
  readonly publicKey: Binding;
  /** Certificates that are no longer believed, by issuer and serial number. Nothing is ever fetched. */
  readonly deniedCertificates?: readonly CertificateId[];
}

/** What a document must say to be believed. */
export interface AttestationPolicy extends ContextPolicy {
  /** Images that are accepted: one must match as a whole, so an upgrade's values never mix with those before. */
  readonly images: readonly [ImageMeasurement, ...ImageMeasurement[]];
  /** Allowed measurements of the parent instance's IAM role, 48 bytes each. */
  readonly pcr3?: readonly Uint8Array[];
  /** Allowed measurements of the parent instance's id, 48 bytes each. */
  readonly pcr4?: readonly Uint8Array[];
  /** Allowed measurements of the certificate that signed the image, 48 bytes each. */
  readonly pcr8?: readonly Uint8Array[];
}

/** A policy for documents under one of AWS's roots. */
export interface AwsAttestationPolicy extends AttestationPolicy {
  /** `aws` when absent. */
  readonly partition?: AwsPartition;
}

/** A policy's own copy of what it says, so that nobody changes it while a document is verified. */
export interface CheckedContext {
  readonly nonce: Bytes | 'none-asked';
  readonly nowMs: number;
  readonly maxAgeMs: number;
  readonly maxFutureSkewMs: number;
  readonly userData: Bytes | 'absent' | 'unchecked';
  readonly publicKey: Bytes | 'absent' | 'unchecked';
  readonly deniedCertificates: readonly CertificateId[];
}

const CONTEXT_FIELDS = [
  'nonce',
  'nowMs',
  'maxAgeMs',
  'maxFutureSkewMs',
  'userData',
  'publicKey',
  'deniedCertificates',
];
const PIN_FIELDS = ['images', 'pcr3', 'pcr4', 'pcr8'];
const MAX_NONCE_BYTES = 512;
const MAX_SKEW_MS = 3_600_000;

/**
 * Checks that a policy has no field that this library does not know: a misspelt pin would otherwise pin nothing.
 * @throws POLICY_INVALID
 */
export function assertPolicyFields(policy: unknown, ...more: readonly string[]): asserts policy is object {
  assertThat(typeof policy === 'object' && policy !== null, 'POLICY_INVALID');
  const known = [...CONTEXT_FIELDS, ...more];
  for (const field of Object.keys(policy)) assertThat(known.includes(field), 'POLICY_INVALID');
}

/** Checks and copies the pins of a policy. @throws POLICY_INVALID, POLICY_PCR_* */
export function readPins(policy: AttestationPolicy, ...more: readonly string[]): PcrPins {
  assertPolicyFields(policy, ...PIN_FIELDS, ...more);
  const images = readImages(policy.images);
  const optional = ([3, 4, 8] as const).flatMap((index) => {
    const allowed = policy[`pcr${index}`];
    return allowed === undefined ? [] : [[index, readPcrSet(allowed)] as const];
  });
  return { images, allowed: new Map(optional) };
}

/** Checks and copies the rest of a policy. @throws POLICY_NONCE, POLICY_CLOCK, POLICY_AGE, POLICY_BINDING, POLICY_DENYLIST */
export function readContext(policy: ContextPolicy): CheckedContext {
  const { nonce, nowMs, maxAgeMs, maxFutureSkewMs, userData, publicKey, deniedCertificates = [] } = policy;
  const isNonce = isBytes(nonce) && nonce.length > 0 && nonce.length <= MAX_NONCE_BYTES;
  assertThat(nonce === 'none-asked' || isNonce, 'POLICY_NONCE');
  return {
    nonce: nonce === 'none-asked' ? nonce : Uint8Array.from(nonce),
    ...readFreshness({ nowMs, maxAgeMs, maxFutureSkewMs }),
    userData: readBinding(userData),
    publicKey: readBinding(publicKey),
    deniedCertificates: readDenied(deniedCertificates),
  };
}

/** The part of a policy that is about time. */
export interface Freshness {
  readonly nowMs: number;
  readonly maxAgeMs: number;
  readonly maxFutureSkewMs: number;
}

/** Checks and copies. @throws POLICY_CLOCK, POLICY_AGE */
export function readFreshness({ nowMs, maxAgeMs, maxFutureSkewMs }: Freshness): Freshness {
  assertThat(Number.isSafeInteger(nowMs) && nowMs > 0, 'POLICY_CLOCK');
  const isDuration = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const isSkew = isDuration(maxFutureSkewMs) && maxFutureSkewMs <= MAX_SKEW_MS;
  assertThat(isDuration(maxAgeMs) && isSkew, 'POLICY_AGE');
  return { nowMs, maxAgeMs, maxFutureSkewMs };
}

function readBinding(binding: Binding): Bytes | 'absent' | 'unchecked' {
  if (binding === 'absent' || binding === 'unchecked') return binding;
  assertThat(isBytes(binding), 'POLICY_BINDING');
  return Uint8Array.from(binding);
}

function readDenied(denied: readonly CertificateId[]): readonly CertificateId[] {
  assertThat(Array.isArray(denied), 'POLICY_DENYLIST');
  return denied.map((id: CertificateId) => {
    assertThat(isBytes(id?.issuer) && isBytes(id.serialNumber), 'POLICY_DENYLIST');
    return { issuer: Uint8Array.from(id.issuer), serialNumber: Uint8Array.from(id.serialNumber) };
  });
}

/** Checks nonce and bindings of a document. @throws NONCE_ABSENT, NONCE_MISMATCH, USER_DATA_MISMATCH, PUBLIC_KEY_MISMATCH */
export function assertContext(document: AttestationDocument, context: CheckedContext): void {
  if (context.nonce !== 'none-asked') {
    assertThat(document.nonce !== null, 'NONCE_ABSENT');
    assertThat(equalBytes(document.nonce, context.nonce), 'NONCE_MISMATCH');
  }
  assertThat(isBound(document.userData, context.userData), 'USER_DATA_MISMATCH');
  assertThat(isBound(document.publicKey, context.publicKey), 'PUBLIC_KEY_MISMATCH');
}

function isBound(actual: Bytes | null, expected: Bytes | 'absent' | 'unchecked'): boolean {
  if (expected === 'unchecked') return true;
  if (expected === 'absent') return actual === null;
  return actual !== null && equalBytes(actual, expected);
}
