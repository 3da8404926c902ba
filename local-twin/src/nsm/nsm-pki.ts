import { join } from 'node:path';
import { certificatePem } from '../x509/certificate.ts';
import { openStoredAuthority } from '../x509/stored-authority.ts';
import { CertificateChain, type ModuleIdentity, selfSignRoot } from './certificate-chain.ts';

/** The public key infrastructure that the twin's attestation documents chain to, in the place of AWS's. */
export interface NsmPki {
  /** Self-signed P-384 root: the trust anchor to pin instead of AWS's. */
  readonly rootCertificate: Uint8Array;
  readonly rootCertificatePem: string;
  /** Starts the certificates of one enclave. */
  openChain(module: ModuleIdentity): CertificateChain;
}

/**
 * Opens the twin's root in `directory` (`nsm-root.pem`, mode 0600), making it at first use.
 * Certificates below it live in memory and are issued anew by every process.
 */
export function openNsmPki(directory: string, now: () => number = Date.now): NsmPki {
  const root = openStoredAuthority(join(directory, 'nsm-root.pem'), (key) => selfSignRoot(key, now()));
  return {
    rootCertificate: root.certificate,
    rootCertificatePem: certificatePem(root.certificate),
    openChain: (module) => new CertificateChain(root, module),
  };
}
