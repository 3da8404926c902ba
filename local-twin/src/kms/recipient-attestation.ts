// TRUST BOUNDARY: attestation documents, from whoever asks the simulator.
import { Buffer } from 'node:buffer';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { decode } from 'cborg';
import { concatBytes } from '../x509/der-encode.ts';
import { decodeUnsignedEmulationDocument, type UnverifiedRecipient } from './emulation-document.ts';
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

/** A document older than this is refused; the enclave asks for one per call. */
const MAX_AGE_MS = 5 * 60_000;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 4096;

/**
 * Makes the check of `Recipient`: signature, chain to one of the roots, validity and age now, an RSA key in `public_key`.
 * PCRs are not judged here, not even zero ones of a debug enclave: that is the key policy's business, as in KMS.
 * The check throws KmsException ValidationException.
 */
export function recipientVerifier({ roots, acceptUnsignedEmulationDocuments }: RecipientVerifierOptions) {
  return async (untrustedDocument: Uint8Array, nowMs: number): Promise<RecipientAttestation> => {
    const unsigned = acceptUnsignedEmulationDocuments
      ? decodeUnsignedEmulationDocument(untrustedDocument)
      : null;
    const { publicKey, pcrs } = unsigned ?? verifyDocument(untrustedDocument, roots, nowMs);
    if (publicKey === null || !isAcceptableRsaKey(publicKey)) throw refused();
    return { publicKey, pcrs };
  };
}

function verifyDocument(
  untrustedDocument: Uint8Array,
  roots: readonly Uint8Array[],
  nowMs: number,
): UnverifiedRecipient {
  try {
    const [header, , payloadBytes, signature] = decode(untrustedDocument, { useMaps: true });
    const payload: Map<string, never> = decode(payloadBytes, { useMaps: true, allowIndefinite: true });
    const bundle: Uint8Array[] = [
      ...(payload.get('cabundle') ?? []),
      payload.get('certificate') ?? new Uint8Array(0),
    ];
    const leaf = verifyChain(bundle, roots, nowMs);
    const length = Uint8Array.of(0x59, payloadBytes.length >> 8, payloadBytes.length & 0xff);
    const context = Buffer.from('846a5369676e61747572653144a101382240', 'hex');
    const key = { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const isSigned =
      Buffer.from('a1013822', 'hex').equals(header) &&
      verify('sha384', concatBytes(context, length, payloadBytes), key, signature);
    const ageMs = nowMs - Number(payload.get('timestamp'));
    if (!isSigned || !(Math.abs(ageMs) <= MAX_AGE_MS)) throw refused();
    return { publicKey: payload.get('public_key') ?? null, pcrs: payload.get('pcrs') ?? new Map() };
  } catch (cause) {
    throw refused(cause);
  }
}

function verifyChain(
  bundle: readonly Uint8Array[],
  roots: readonly Uint8Array[],
  nowMs: number,
): X509Certificate {
  const chain = bundle.map((certificate) => new X509Certificate(certificate));
  const [root] = chain;
  const leaf = chain.at(-1);
  if (!root || !leaf || chain.length > 8 || !roots.some((trusted) => root.raw.equals(trusted)))
    throw refused();
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[Math.max(index - 1, 0)] ?? root;
    const isValidNow =
      certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime();
    const isIssued = certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    if (!isValidNow || !isIssued || certificate.ca !== (certificate !== leaf)) throw refused();
  }
  return leaf;
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

function refused(cause?: unknown): KmsException {
  return new KmsException('ValidationException', 'The attestation document is not valid.', { cause });
}
