// TRUST BOUNDARY: what a Strongroom service hands out as evidence of itself.
import { assertThat } from './attestation-error.ts';
import type { AttestationPolicy } from './attestation-policy.ts';
import { readInput } from './authenticate.ts';
import { type Bytes, equalBytes, isBytes, sha256 } from './bytes.ts';
import { type DocumentPurpose, decodeUnverifiedManifest, type Manifest } from './manifest.ts';
import type { Trust } from './trust-anchors.ts';
import type { VerifiedAttestation } from './verified-attestation.ts';

/** What `GET /v2/enclave/attestation` answers, decoded from base64. */
export interface ServiceEvidence {
  readonly attestationDocument: Uint8Array;
  /** Strict CBOR. */
  readonly manifest: Uint8Array;
}

/** What a Strongroom service must show to be believed; `user_data` and `public_key` follow from it. */
export interface ServicePolicy extends Omit<AttestationPolicy, 'userData' | 'publicKey' | 'nonce'> {
  /** Fresh random bytes, 16 to 64, that were sent with the request. */
  readonly nonce: Uint8Array;
  /** The deployment that this client has been dealing with, 32 bytes; `unchecked` only at first contact, to learn it. */
  readonly deploymentId: Uint8Array | 'unchecked';
  /** Measured configurations that are accepted, 32 bytes each; `unchecked` leaves it to the pinned PCRs, which cover it. */
  readonly configurationDigests: readonly Uint8Array[] | 'unchecked';
  /** Lowest security epoch that is accepted. */
  readonly minSecurityEpoch: number;
}

/** A document with the manifest that it vouches for. */
export interface VerifiedEvidence<T extends Trust = Trust> {
  readonly attestation: VerifiedAttestation<T>;
  readonly manifest: Manifest;
}

/** Evidence of a service that is ready, with the keys that its certificates and receipts are verified with. */
export interface VerifiedService<T extends Trust = Trust> extends VerifiedEvidence<T> {
  /** SHA-256 of `identityKey`. */
  readonly deploymentId: Bytes;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly identityKey: Bytes;
  /** Raw Ed25519 public key, 32 bytes; null when the image makes no receipts. */
  readonly receiptKey: Bytes | null;
}

type Verify<T extends Trust> = (
  document: Uint8Array,
  policy: AttestationPolicy,
) => Promise<VerifiedAttestation<T>>;

const MIN_NONCE_BYTES = 16;
const MAX_NONCE_BYTES = 64;
const ID_BYTES = 32;

/**
 * Verifies document and manifest together: the document's `user_data` is the manifest's digest, it names no `public_key`,
 * and the manifest is for this purpose and of the deployment, configuration and epoch that are expected.
 * @param verify the verifier of documents, with its trust anchor chosen
 * @throws AttestationError MANIFEST_*, POLICY_* or any code of `verifyAttestation`
 */
export async function verifyEvidence<T extends Trust>(
  evidence: ServiceEvidence,
  policy: ServicePolicy,
  purpose: DocumentPurpose,
  verify: Verify<T>,
): Promise<VerifiedEvidence<T>> {
  const { deploymentId, configurationDigests, minSecurityEpoch, ...rest } = readServicePolicy(policy);
  assertThat(typeof evidence === 'object' && evidence !== null, 'INPUT_NOT_BYTES');
  const document = readInput(evidence.attestationDocument);
  const manifestBytes = isBytes(evidence.manifest) ? Uint8Array.from(evidence.manifest) : evidence.manifest;
  const manifest = await decodeUnverifiedManifest(manifestBytes);
  const userData = await sha256(manifestBytes);
  // `absent`: KMS encrypts to whatever key an attested document names, so one with a key is never a client's.
  const attestation = await verify(document, {
    ...rest,
    userData: 'unchecked',
    publicKey: 'absent',
  });
  assertThat(attestation.userData !== null && equalBytes(attestation.userData, userData), 'MANIFEST_DIGEST');
  assertThat(manifest.purpose === purpose, 'MANIFEST_PURPOSE');
  const isDeployment =
    deploymentId === 'unchecked' || equalBytes(deploymentId, manifest.deploymentId ?? new Uint8Array());
  assertThat(isDeployment, 'MANIFEST_DEPLOYMENT');
  const isConfiguration =
    configurationDigests === 'unchecked' ||
    configurationDigests.some((digest) => equalBytes(digest, manifest.configurationDigest));
  assertThat(isConfiguration, 'MANIFEST_CONFIGURATION');
  assertThat(manifest.securityEpoch >= minSecurityEpoch, 'MANIFEST_SECURITY_EPOCH');
  return Object.freeze({ attestation, manifest });
}

function readServicePolicy(policy: ServicePolicy): ServicePolicy {
  assertThat(typeof policy === 'object' && policy !== null, 'POLICY_INVALID');
  const { nonce, deploymentId, configurationDigests, minSecurityEpoch } = policy;
  const isNonce = isBytes(nonce) && nonce.length >= MIN_NONCE_BYTES && nonce.length <= MAX_NONCE_BYTES;
  assertThat(isNonce, 'POLICY_NONCE');
  const isId = (value: unknown): boolean => isBytes(value) && value.length === ID_BYTES;
  assertThat(deploymentId === 'unchecked' || isId(deploymentId), 'POLICY_INVALID', 'deploymentId');
  const areDigests =
    Array.isArray(configurationDigests) &&
    configurationDigests.length > 0 &&
    configurationDigests.every(isId);
  assertThat(configurationDigests === 'unchecked' || areDigests, 'POLICY_INVALID', 'configurationDigests');
  assertThat(
    Number.isSafeInteger(minSecurityEpoch) && minSecurityEpoch >= 0,
    'POLICY_INVALID',
    'minSecurityEpoch',
  );
  return policy;
}

/** Takes the keys out of the evidence of a service that is ready. @throws MANIFEST_PHASE, MANIFEST_IDENTITY */
export function keysOf<T extends Trust>({ attestation, manifest }: VerifiedEvidence<T>): VerifiedService<T> {
  const { deploymentId, identityKey, receiptKey, phase } = manifest;
  assertThat(phase === 'ready', 'MANIFEST_PHASE');
  assertThat(deploymentId !== null && identityKey !== null, 'MANIFEST_IDENTITY');
  return Object.freeze({ attestation, manifest, deploymentId, identityKey, receiptKey });
}
