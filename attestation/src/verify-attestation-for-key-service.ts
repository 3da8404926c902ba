import { type Freshness, readFreshness } from './attestation-policy.ts';
import { authenticate, readInput } from './authenticate.ts';
import { customTrustAnchor } from './trust-anchors.ts';
import { type AuthenticAttestation, summarize } from './verified-attestation.ts';

/** An authentic document of an enclave of any image, debug or not. */
export interface AttestationOfAnyImage extends AuthenticAttestation<'custom-root'> {
  /** The caller's key policy has to decide on `pcrs`; until it has, this proves nothing about the enclave. */
  readonly imageChecked: false;
}

/**
 * Verifies a document as a key service does that decides by the PCRs afterwards, like AWS KMS with its condition keys
 * `kms:RecipientAttestation:PCR<n>`: signatures, chain, dates and age, but neither the image, nor debug mode, nor nonce,
 * `user_data` or `public_key`. Clients use `verifyAttestation`.
 * @param rootDer DER of the simulator's root certificate
 * @throws AttestationError of any group but PCR, NONCE, USER_DATA and PUBLIC_KEY mismatches
 */
export async function verifyAttestationForKeyService(
  untrustedDocument: Uint8Array,
  freshness: Freshness,
  rootDer: Uint8Array,
): Promise<AttestationOfAnyImage> {
  const anchor = customTrustAnchor(rootDer);
  const by = { ...readFreshness(freshness), anchor, deniedCertificates: [] };
  const authentic = await authenticate(readInput(untrustedDocument), by);
  return Object.freeze({ ...summarize(authentic, 'custom-root'), imageChecked: false as const });
}
