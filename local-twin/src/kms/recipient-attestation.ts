// TRUST BOUNDARY: attestation documents, from whoever asks the simulator.
import { Buffer } from 'node:buffer';
import { createPublicKey } from 'node:crypto';
import { AttestationError } from '@strongroom/attestation/attestation-error';
import { verifyAttestationForKeyService } from '@strongroom/attestation/verify-attestation-for-key-service';
import { type ClaimedRecipient, decodeUnsignedEmulationDocument } from './emulation-document.ts';
import { KmsException } from './kms-exception.ts';

/** A recipient whose document was verified. */
export interface RecipientAttestation {
  /** RSA SubjectPublicKeyInfo in DER, as the document holds it. */
  readonly publicKey: Uint8Array;
  /** By index, 48 bytes each. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
}

export interface RecipientVerifierOptions {
  /** Roots in DER. */
  readonly roots: readonly Uint8Array[];
  readonly acceptUnsignedEmulationDocuments: boolean;
}

/** The age that the simulator allows; an enclave asks for a document per call. What AWS allows is not published. */
const FRESHNESS = { maxAgeMs: 5 * 60_000, maxFutureSkewMs: 5 * 60_000 } as const;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 4096;

/**
 * Makes the check of `Recipient`: the production verifier under the given roots, and an RSA key in `public_key`.
 * PCRs are not judged here, not even zero ones of a debug enclave: that is the key policy's business, as in KMS.
 * The check throws KmsException ValidationException.
 */
export function recipientVerifier({ roots, acceptUnsignedEmulationDocuments }: RecipientVerifierOptions) {
  return async (untrustedDocument: Uint8Array, nowMs: number): Promise<RecipientAttestation> => {
    const unsigned = acceptUnsignedEmulationDocuments
      ? decodeUnsignedEmulationDocument(untrustedDocument)
      : null;
    const { publicKey, pcrs } = unsigned ?? (await verifyUnderAnyRoot(untrustedDocument, roots, nowMs));
    if (publicKey === null || !isAcceptableRsaKey(publicKey)) throw refused();
    return { publicKey, pcrs };
  };
}

async function verifyUnderAnyRoot(
  untrustedDocument: Uint8Array,
  roots: readonly Uint8Array[],
  nowMs: number,
): Promise<ClaimedRecipient> {
  let refusal = refused();
  for (const root of roots) {
    try {
      return await verifyAttestationForKeyService(untrustedDocument, { ...FRESHNESS, nowMs }, root);
    } catch (error) {
      if (!(error instanceof AttestationError)) throw error;
      refusal = refused(error);
    }
  }
  throw refusal;
}

function isAcceptableRsaKey(spki: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
  } catch {
    return false;
  }
}

function refused(cause?: AttestationError): KmsException {
  return new KmsException('ValidationException', 'The attestation document is not valid.', { cause });
}
