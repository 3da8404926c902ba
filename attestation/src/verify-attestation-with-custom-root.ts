import { type AttestationPolicy, assertContext, readContext, readPins } from './attestation-policy.ts';
import { authenticate, readInput } from './authenticate.ts';
import { assertNotDebug, assertPinned } from './pcr-policy.ts';
import { customTrustAnchor } from './trust-anchors.ts';
import { summarize, type VerifiedAttestation } from './verified-attestation.ts';

/**
 * Verifies a document as `verifyAttestation` does, but under a root certificate that is not AWS's: that of a simulator,
 * or of a partition that this library does not know. Whoever holds that root's key can make any document pass, and the
 * result says so: `trust` is `custom-root`.
 * @param rootDer DER of the root certificate, 1 to 1024 bytes; the chain must begin with exactly these bytes
 * @throws AttestationError as `verifyAttestation`, POLICY_ROOT when `rootDer` is not such bytes
 */
export async function verifyAttestationWithCustomRoot(
  untrustedDocument: Uint8Array,
  policy: AttestationPolicy,
  rootDer: Uint8Array,
): Promise<VerifiedAttestation<'custom-root'>> {
  const pins = readPins(policy);
  const context = readContext(policy);
  const anchor = customTrustAnchor(rootDer);
  const authentic = await authenticate(readInput(untrustedDocument), { ...context, anchor });
  assertNotDebug(authentic.document.pcrs);
  assertPinned(authentic.document.pcrs, pins);
  assertContext(authentic.document, context);
  return Object.freeze({ ...summarize(authentic, 'custom-root'), debug: false as const });
}
