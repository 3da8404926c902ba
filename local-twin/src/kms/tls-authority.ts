import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  authorityKeyIdentifier,
  certificateAuthority,
  certificatePem,
  END_ENTITY,
  issueCertificate,
  keyUsage,
  type Name,
  SERVER_AUTHENTICATION,
  subjectAlternativeNames,
  subjectKeyIdentifier,
} from '../x509/certificate.ts';
import { type Authority, openStoredAuthority } from '../x509/stored-authority.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_NAME: Name = [
  ['O', 'Strongroom'],
  ['CN', 'KMS simulator'],
];
const KMS_HOST = /^kms\.[a-z0-9-]{1,32}\.amazonaws\.com(?:\.cn)?$/;
const MAX_CONTEXTS = 64;

/** Certificates for the endpoints that the simulator stands in for. */
export interface TlsAuthority {
  /** What a client of the simulator trusts in the place of Amazon's roots. */
  readonly caPem: string;
  /** For `localhost` and 127.0.0.1. */
  readonly local: { readonly cert: string; readonly key: string };
  /** A context whose certificate names `kms.<region>.amazonaws.com`, made at first use; undefined for other names. */
  contextFor(serverName: string): SecureContext | undefined;
}

/**
 * Opens the simulator's certificate authority in `directory` (`kms-ca.pem`, mode 0600), making it at first use.
 * Validity follows the machine's clock, because TLS clients judge it by theirs; server certificates live as long as the process.
 */
export function openTlsAuthority(directory: string): TlsAuthority {
  const authority = openStoredAuthority(join(directory, 'kms-ca.pem'), selfSignAuthority);
  const contexts = new Map<string, SecureContext>();
  return {
    caPem: certificatePem(authority.certificate),
    local: issueServerCertificate(authority, ['localhost'], ['127.0.0.1']),
    contextFor(serverName) {
      if (!KMS_HOST.test(serverName)) return undefined;
      let context = contexts.get(serverName);
      if (!context) {
        if (contexts.size >= MAX_CONTEXTS) contexts.clear();
        context = createSecureContext(issueServerCertificate(authority, [serverName], []));
        contexts.set(serverName, context);
      }
      return context;
    },
  };
}

function selfSignAuthority(key: { privateKey: KeyObject; publicKey: KeyObject }): Uint8Array {
  const nowMs = Date.now();
  const contents = {
    serial: randomBytes(16),
    issuer: AUTHORITY_NAME,
    subject: AUTHORITY_NAME,
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + 3650 * DAY_MS,
    publicKey: key.publicKey,
    extensions: [
      certificateAuthority(0),
      subjectKeyIdentifier(key.publicKey),
      keyUsage(true, 'keyCertSign', 'cRLSign'),
    ],
  };
  return issueCertificate(contents, key.privateKey);
}

function issueServerCertificate(
  authority: Authority,
  dnsNames: string[],
  ipv4Addresses: string[],
): { cert: string; key: string } {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const nowMs = Date.now();
  const contents = {
    serial: randomBytes(16),
    issuer: AUTHORITY_NAME,
    subject: [['CN', dnsNames[0] ?? 'kms']] as const satisfies Name,
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + 365 * DAY_MS,
    publicKey: key.publicKey,
    extensions: [
      END_ENTITY,
      keyUsage(true, 'digitalSignature'),
      SERVER_AUTHENTICATION,
      subjectAlternativeNames(dnsNames, ipv4Addresses),
      subjectKeyIdentifier(key.publicKey),
      authorityKeyIdentifier(authority.publicKey),
    ],
  };
  const cert = certificatePem(issueCertificate(contents, authority.privateKey));
  return { cert, key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
