import {
  keysOf,
  type ServiceEvidence,
  type ServicePolicy,
  type VerifiedEvidence,
  type VerifiedService,
  verifyEvidence,
} from './strongroom-evidence.ts';
import type { AwsPartition } from './trust-anchors.ts';
import { verifyAttestation } from './verify-attestation.ts';

/** A policy for services under one of AWS's roots. */
export interface AwsServicePolicy extends ServicePolicy {
  /** `aws` when absent. */
  readonly partition?: AwsPartition;
}

/**
 * Verifies that a Strongroom service is ready and which deployment it is: an attestation document for clients, with its
 * manifest. The identity key in the result verifies project, account and import-key certificates.
 * @throws AttestationError MANIFEST_* when document and manifest are not those of such a service, POLICY_* when the policy
 *   would not protect, or any code of `verifyAttestation`
 */
export async function verifyStrongroomService(
  untrusted: ServiceEvidence,
  policy: AwsServicePolicy,
): Promise<VerifiedService<AwsPartition>> {
  return keysOf(await verifyEvidence(untrusted, policy, 'client', verifyAttestation));
}

/**
 * Verifies what an enclave that is not ready says of itself to its operator, before genesis for example. Such evidence
 * yields no keys: nothing that a certificate is verified with comes from it.
 * @throws AttestationError as `verifyStrongroomService`
 */
export function verifyStrongroomStatus(
  untrusted: ServiceEvidence,
  policy: AwsServicePolicy,
): Promise<VerifiedEvidence<AwsPartition>> {
  return verifyEvidence(untrusted, policy, 'status', verifyAttestation);
}
