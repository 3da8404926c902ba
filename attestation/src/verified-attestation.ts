import type { AuthenticDocument } from './authenticate.ts';
import type { Bytes } from './bytes.ts';
import { type CertificateId, certificatesOf } from './certificate-chain.ts';
import type { Trust } from './trust-anchors.ts';
import { formatName } from './x509-name.ts';

/** One certificate of a chain that was verified. */
export interface CertificateSummary extends CertificateId {
  /** For people; `issuer` and `serialNumber` are what names it. */
  readonly subjectText: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What an authentic document says. Frozen; the bytes are copies that belong to the caller. */
export interface AuthenticAttestation<T extends Trust = Trust> {
  readonly trust: T;
  readonly moduleId: string;
  /** Milliseconds since the Unix epoch, by the hypervisor's clock. */
  readonly timestampMs: number;
  /** By index 0 to 31, 48 bytes each; not every index need be there. */
  readonly pcrs: ReadonlyMap<number, Bytes>;
  readonly publicKey: Bytes | null;
  readonly userData: Bytes | null;
  readonly nonce: Bytes | null;
  /** Root first, the enclave's own certificate last. */
  readonly chain: readonly CertificateSummary[];
}

/** An attestation that satisfied a whole policy. `trust` says under which root. */
export interface VerifiedAttestation<T extends Trust = Trust> extends AuthenticAttestation<T> {
  readonly debug: false;
}

/** Puts an authentic document into the form in which it is returned. */
export function summarize<T extends Trust>(
  { document, chain }: AuthenticDocument,
  trust: T,
): AuthenticAttestation<T> {
  const { moduleId, timestampMs, pcrs, publicKey, userData, nonce } = document;
  const certificates = certificatesOf(chain).map(
    ({ subject, issuer, serialNumber, notBeforeMs, notAfterMs }) =>
      Object.freeze({ subjectText: formatName(subject), issuer, serialNumber, notBeforeMs, notAfterMs }),
  );
  const summary = { trust, moduleId, timestampMs, pcrs: frozenMap(pcrs), publicKey, userData, nonce };
  return Object.freeze({ ...summary, chain: Object.freeze(certificates) });
}

/** Object.freeze leaves a Map's entries open; this one refuses to change them. */
function frozenMap<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  const copy = new Map(map);
  const refuse = (): never => {
    throw new TypeError('The PCRs of an attestation cannot be changed.');
  };
  return Object.freeze(Object.assign(copy, { set: refuse, delete: refuse, clear: refuse }));
}
