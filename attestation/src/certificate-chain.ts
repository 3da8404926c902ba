// TRUST BOUNDARY: certificate chains, from whoever hands over the document.
import type { AttestationDocument } from './attestation-document.ts';
import { AttestationError, assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes } from './bytes.ts';
import type { CoseSign1 } from './cose-sign1.ts';
import { assertSignatureRange, importP384, isSignedBy, SIGNATURE_BYTES } from './p384.ts';
import { type Certificate, decodeCertificate } from './x509.ts';

/** Names a certificate for good, as its bytes do not: ECDSA signatures have twins. */
export interface CertificateId {
  /** DER of the issuer's Name. */
  readonly issuer: Uint8Array;
  /** Big-endian; leading zeros do not count. */
  readonly serialNumber: Uint8Array;
}

/** Root first, the enclave's own certificate last; at least two. */
export interface CertificateChain {
  readonly authorities: readonly [root: Certificate, ...rest: Certificate[]];
  readonly leaf: Certificate;
}

/** The certificates of a chain, root first. */
export function certificatesOf({ authorities, leaf }: CertificateChain): readonly Certificate[] {
  return [...authorities, leaf];
}

/**
 * Decodes a document's certificates and checks everything about them but signatures and dates, strictly in the order of
 * the bundle: the trusted root first, then each names its predecessor as issuer, then the enclave's own
 * (RFC 5280 section 6, attestation_process.md 3.2.3). Nothing is searched for and no path is built.
 * @param trustedRoot DER; the first certificate must equal it byte for byte
 * @throws CHAIN_*, CA_*, LEAF_*, X509_*
 */
export function decodeChain(document: AttestationDocument, trustedRoot: Bytes): CertificateChain {
  const [rootDer, ...intermediates] = document.cabundle;
  assertThat(rootDer !== undefined && equalBytes(rootDer, trustedRoot), 'CHAIN_ROOT');
  const root = decodeCertificate(rootDer, 'cabundle[0]');
  const rest = intermediates.map((der, index) => decodeCertificate(der, `cabundle[${index + 1}]`));
  const leaf = decodeCertificate(document.certificate, 'certificate');
  let issuer = root;
  for (const certificate of [root, ...rest, leaf]) {
    const isSelfIssued = equalBytes(certificate.issuer, certificate.subject);
    assertThat(!isSelfIssued || certificate === root, 'CHAIN_SELF_ISSUED', certificate.where);
    assertThat(equalBytes(certificate.issuer, issuer.subject), 'CHAIN_ISSUER', certificate.where);
    issuer = certificate;
  }
  for (const authority of [root, ...rest]) assertMayIssue(authority);
  assertIsLeaf(leaf);
  for (const [index, authority] of [root, ...rest].entries())
    assertPathLength(authority, rest.length - index);
  return { authorities: [root, ...rest], leaf };
}

function assertMayIssue({ extensions, where }: Certificate): void {
  const { basicConstraints, keyUsage } = extensions;
  assertThat(basicConstraints?.isCa === true && basicConstraints.critical, 'CA_BASIC_CONSTRAINTS', where);
  assertThat(keyUsage?.keyCertSign === true, 'CA_KEY_USAGE', where);
}

/** @param authoritiesBelow how many CAs stand between this one and the leaf */
function assertPathLength({ extensions, where }: Certificate, authoritiesBelow: number): void {
  const pathLength = extensions.basicConstraints?.pathLength ?? null;
  assertThat(pathLength === null || pathLength >= authoritiesBelow, 'CA_PATH_LENGTH', where);
}

function assertIsLeaf({ extensions }: Certificate): void {
  const { basicConstraints, keyUsage } = extensions;
  assertThat(basicConstraints?.isCa !== true, 'LEAF_IS_CA');
  assertThat((basicConstraints?.pathLength ?? null) === null, 'LEAF_PATH_LENGTH');
  assertThat(keyUsage?.digitalSignature === true && !keyUsage.keyCertSign, 'LEAF_KEY_USAGE');
}

/**
 * Verifies the document's signature with the enclave's own key, then each certificate below the root with its issuer's.
 * The root's own signature is not: its bytes equal those that are trusted.
 * @throws COSE_SIGNATURE_LENGTH, COSE_SIGNATURE_RANGE, X509_PUBLIC_KEY, COSE_SIGNATURE_INVALID, X509_SIGNATURE_INVALID
 */
export async function verifySignatures(sign1: CoseSign1, chain: CertificateChain): Promise<void> {
  const { authorities, leaf } = chain;
  // Not before the certificates: a signature of another length is most often that of another kind of key.
  assertThat(sign1.signature.length === SIGNATURE_BYTES, 'COSE_SIGNATURE_LENGTH');
  assertSignatureRange(sign1.signature, 'COSE_SIGNATURE_RANGE');
  const leafKey = await importP384(leaf.publicKey, leaf.where);
  if (!(await isSignedBy(leafKey, sign1.signedBytes, sign1.signature)))
    throw new AttestationError('COSE_SIGNATURE_INVALID');
  const links = [...authorities.slice(1), leaf].map((certificate, index) =>
    verifyLink(authorities[index] ?? authorities[0], certificate),
  );
  // All are awaited before the first refusal is thrown: no rejection is left behind, and the first in order is the one.
  for (const outcome of await Promise.allSettled(links))
    if (outcome.status === 'rejected') throw outcome.reason;
}

async function verifyLink(issuer: Certificate, certificate: Certificate): Promise<void> {
  const key = await importP384(issuer.publicKey, issuer.where);
  const verified = await isSignedBy(key, certificate.signedBytes, certificate.signature);
  assertThat(verified, 'X509_SIGNATURE_INVALID', certificate.where);
}

/**
 * Checks every certificate, the root included, against the verifier's own clock, to the second and without tolerance.
 * @throws X509_NOT_YET_VALID, X509_EXPIRED
 */
export function assertValidAt(chain: CertificateChain, nowMs: number): void {
  for (const { notBeforeMs, notAfterMs, where } of certificatesOf(chain)) {
    assertThat(nowMs >= notBeforeMs, 'X509_NOT_YET_VALID', where);
    assertThat(nowMs <= notAfterMs, 'X509_EXPIRED', where);
  }
}

/** @throws X509_DENIED when a certificate of the chain is on the list */
export function assertNotDenied(chain: CertificateChain, denied: readonly CertificateId[]): void {
  for (const { issuer, serialNumber, where } of certificatesOf(chain)) {
    const isDenied = denied.some(
      (id) => equalBytes(id.issuer, issuer) && equalBytes(withoutLeadingZeros(id.serialNumber), serialNumber),
    );
    assertThat(!isDenied, 'X509_DENIED', where);
  }
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first === -1 ? bytes.length : first);
}
