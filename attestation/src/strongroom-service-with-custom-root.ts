import type { AttestationPolicy } from './attestation-policy.ts';
import {
  keysOf,
  type ServiceEvidence,
  type ServicePolicy,
  type VerifiedEvidence,
  type VerifiedService,
  verifyEvidence,
} from './strongroom-evidence.ts';
import { verifyAttestationWithCustomRoot } from './verify-attestation-with-custom-root.ts';

/**
 * Verifies as `verifyStrongroomService` does, under a root certificate that is not AWS's: the local twin's. Whoever holds
 * that root's key can make any service pass; `attestation.trust` says `custom-root`.
 * @param rootDer DER of the root certificate
 */
export async function verifyStrongroomServiceWithCustomRoot(
  untrusted: ServiceEvidence,
  policy: ServicePolicy,
  rootDer: Uint8Array,
): Promise<VerifiedService<'custom-root'>> {
  return keysOf(await verifyEvidence(untrusted, policy, 'client', under(rootDer)));
}

/** Verifies as `verifyStrongroomStatus` does, under a root certificate that is not AWS's. */
export function verifyStrongroomStatusWithCustomRoot(
  untrusted: ServiceEvidence,
  policy: ServicePolicy,
  rootDer: Uint8Array,
): Promise<VerifiedEvidence<'custom-root'>> {
  return verifyEvidence(untrusted, policy, 'status', under(rootDer));
}

const under = (rootDer: Uint8Array) => (document: Uint8Array, policy: AttestationPolicy) =>
  verifyAttestationWithCustomRoot(document, policy, rootDer);
