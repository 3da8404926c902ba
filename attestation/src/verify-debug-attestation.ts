import { assertContext, assertPolicyFields, type ContextPolicy, readContext } from './attestation-policy.ts';
import { authenticate, readInput } from './authenticate.ts';
import { assertDebug } from './pcr-policy.ts';
import {
  type AwsPartition,
  awsTrustAnchor,
  customTrustAnchor,
  type Trust,
  type TrustAnchor,
} from './trust-anchors.ts';
import { type AuthenticAttestation, summarize } from './verified-attestation.ts';

/** A policy for documents of debug enclaves. It pins no image: debug mode measures none. */
export interface DebugPolicy extends ContextPolicy {
  /** `aws` when absent. */
  readonly partition?: AwsPartition;
}

/** An authentic document of an enclave whose console and memory its parent can read. It proves nothing about a secret. */
export interface DebugAttestation<T extends Trust = Trust> extends AuthenticAttestation<T> {
  readonly debug: true;
}

/**
 * Verifies the document of an enclave that was started in debug mode: everything but the image, of which it says nothing.
 * For tools and tests; no secret belongs into such an enclave.
 * @throws AttestationError as `verifyAttestation`, NOT_DEBUG_DOCUMENT unless PCR0, PCR1 and PCR2 are zero
 */
export async function verifyDebugAttestation(
  untrustedDocument: Uint8Array,
  policy: DebugPolicy,
): Promise<DebugAttestation<AwsPartition>> {
  assertPolicyFields(policy, 'partition');
  const { partition = 'aws' } = policy;
  const verified = await verify(untrustedDocument, policy, awsTrustAnchor(partition));
  return Object.freeze({ ...verified, trust: partition });
}

/** Verifies as `verifyDebugAttestation` does, under a root certificate that is not AWS's; `trust` is `custom-root`. */
export async function verifyDebugAttestationWithCustomRoot(
  untrustedDocument: Uint8Array,
  policy: ContextPolicy,
  rootDer: Uint8Array,
): Promise<DebugAttestation<'custom-root'>> {
  assertPolicyFields(policy);
  const verified = await verify(untrustedDocument, policy, customTrustAnchor(rootDer));
  return Object.freeze({ ...verified, trust: 'custom-root' as const });
}

async function verify(
  untrustedDocument: Uint8Array,
  policy: ContextPolicy,
  trustAnchor: TrustAnchor | Promise<TrustAnchor>,
): Promise<DebugAttestation> {
  const context = readContext(policy);
  const untrusted = readInput(untrustedDocument);
  const anchor = await trustAnchor;
  const authentic = await authenticate(untrusted, { ...context, anchor });
  assertDebug(authentic.document.pcrs);
  assertContext(authentic.document, context);
  return { ...summarize(authentic, anchor.trust), debug: true };
}
