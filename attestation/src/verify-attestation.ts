import { type AwsAttestationPolicy, assertContext, readContext, readPins } from './attestation-policy.ts';
import { authenticate, readInput } from './authenticate.ts';
import { assertNotDebug, assertPinned } from './pcr-policy.ts';
import { type AwsPartition, awsTrustAnchor } from './trust-anchors.ts';
import { summarize, type VerifiedAttestation } from './verified-attestation.ts';

/**
 * Verifies an attestation document of a Nitro Enclave under AWS's root certificate and a policy.
 * Specification: aws-nitro-enclaves-nsm-api, docs/attestation_process.md; RFC 9052; RFC 5280.
 * @param untrustedDocument COSE_Sign1, at most 16384 bytes, not base64
 * @param policy images that are accepted, nonce, clock, age and bindings; nothing of it can be left out
 * @returns a frozen result; nothing is returned of a document that fails anything
 * @throws AttestationError POLICY_* when the policy would not protect, any other code when the document is refused
 */
export async function verifyAttestation(
  untrustedDocument: Uint8Array,
  policy: AwsAttestationPolicy,
): Promise<VerifiedAttestation<AwsPartition>> {
  const pins = readPins(policy, 'partition');
  const context = readContext(policy);
  const { partition = 'aws' } = policy;
  const untrusted = readInput(untrustedDocument);
  const anchor = await awsTrustAnchor(partition);
  const authentic = await authenticate(untrusted, { ...context, anchor });
  assertNotDebug(authentic.document.pcrs);
  assertPinned(authentic.document.pcrs, pins);
  assertContext(authentic.document, context);
  return Object.freeze({ ...summarize(authentic, partition), debug: false as const });
}
