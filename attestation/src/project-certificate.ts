// TRUST BOUNDARY: project certificates, from whoever answers for a service.
import { assertThat } from './attestation-error.ts';
import { type Bytes, decodeHex, equalBytes, isBytes } from './bytes.ts';
import { assertProject, type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import {
  bool,
  bytes,
  bytesWithPrefix,
  decimal,
  type Field,
  list,
  map,
  nullable,
  oneOf,
  text,
  uint,
} from './strict-fields.ts';

export interface CertifiedWalletSecret {
  /** SubjectPublicKeyInfo of a P-256 key, 91 bytes. */
  readonly publicKey: Bytes;
  readonly state: 'active' | 'retiring';
  /** When a retiring secret ends; null for one that is active. */
  readonly notAfterMs: number | null;
}

export interface CertifiedApiKey {
  readonly id: string;
  readonly algorithm: 'EdDSA' | 'ES256';
  /** SubjectPublicKeyInfo, 44 bytes of Ed25519 or 91 of P-256. */
  readonly publicKey: Bytes;
  readonly scopes: readonly string[];
}

interface CertifiedProject extends Statement {
  readonly projectId: Bytes;
  readonly recordVersion: number;
  /** SHA-256 of the authority record. */
  readonly recordDigest: Bytes;
  readonly walletSecrets: readonly CertifiedWalletSecret[];
  readonly apiKeys: readonly CertifiedApiKey[];
  /** Hosts under which the project's requests may be addressed. */
  readonly authorities: readonly string[];
  readonly policyAuthority: 'wallet' | 'api-key';
  readonly exportAllowed: boolean;
  /** 16 to 64 bytes. */
  readonly nonce: Bytes;
  readonly issuedAtMs: number;
}
interface ProjectV1 extends CertifiedProject {
  readonly type: 'strongroom/project-certificate/v1';
}
interface ProjectV2 extends CertifiedProject {
  readonly type: 'strongroom/project-certificate/v2';
  /** What one sent transaction may cost in fees at most, in the network's smallest unit; decimal. */
  readonly maxFeeWei: string;
}

/** Who may do what in a project, as of one version of its record. `maxFeeWei` is null where the first version says nothing of it. */
export interface ProjectCertificate extends CertifiedProject {
  readonly maxFeeWei: string | null;
}

// qed: the digits are written out here.
const P256_SPKI = decodeHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004') as Bytes;
const ED25519_SPKI = decodeHex('302a300506032b6570032100') as Bytes;
const p256 = bytesWithPrefix(P256_SPKI, 91);
const ed25519 = bytesWithPrefix(ED25519_SPKI, 44);

const apiKeyFields = map<CertifiedApiKey>({
  id: text(256),
  algorithm: oneOf('EdDSA', 'ES256'),
  publicKey: (value) => ed25519(value) ?? p256(value),
  scopes: list(text(256)),
});
const apiKey: Field<CertifiedApiKey> = (value) => {
  const key = apiKeyFields(value);
  return key && (key.algorithm === 'EdDSA') === (key.publicKey.length === 44) ? key : undefined;
};

const V1: CertificateType<ProjectV1> = {
  type: 'strongroom/project-certificate/v1',
  fields: {
    projectId: bytes(32),
    recordVersion: uint,
    recordDigest: bytes(32),
    walletSecrets: list(
      map({ publicKey: p256, state: oneOf('active', 'retiring'), notAfterMs: nullable(uint) }),
    ),
    apiKeys: list(apiKey),
    authorities: list(text(512)),
    policyAuthority: oneOf('wallet', 'api-key'),
    exportAllowed: bool,
    nonce: bytes(16, 64),
    issuedAtMs: uint,
  },
};
const V2: CertificateType<ProjectV2> = {
  type: 'strongroom/project-certificate/v2',
  fields: { ...V1.fields, maxFeeWei: decimal(78) },
};

/**
 * Verifies a project certificate over the nonce that was sent, so that it is of now.
 * @param expected the project, 32 bytes, and the nonce, 16 to 64
 * @throws AttestationError STATEMENT_PROJECT, STATEMENT_NONCE, or as `verifyCertificate`
 */
export async function verifyProjectCertificate(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly projectId: Uint8Array; readonly nonce: Uint8Array },
): Promise<ProjectCertificate> {
  const certificate = await verifyCertificate<ProjectV1 | ProjectV2>(untrusted, identityKey, V2, V1);
  assertProject(certificate.projectId, expected.projectId);
  assertThat(isBytes(expected.nonce) && equalBytes(certificate.nonce, expected.nonce), 'STATEMENT_NONCE');
  return Object.freeze({ maxFeeWei: null, ...certificate });
}
