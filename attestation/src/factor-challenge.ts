// TRUST BOUNDARY: challenges for second factors, from whoever answers for a service.
import { assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes, isBytes } from './bytes.ts';
import { assertProject, type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import { bool, bytes, list, map, nullable, oneOf, text, uint } from './strict-fields.ts';

/** A passkey of a project. */
export interface CertifiedPasskey {
  readonly credentialId: Bytes;
  /** SubjectPublicKeyInfo of a P-256 key, 91 bytes. */
  readonly publicKey: Bytes;
  readonly name: string;
  readonly enrolledAtMs: number;
}

/** What a project may require a second factor for. */
export type FactorPurpose = 'wallet-secret' | 'recovery' | 'export' | 'policy' | 'factor';

/** Which second factors a project has, what it requires one for, and the challenge that a passkey's signature has to be made of. */
export interface FactorChallenge extends Statement {
  readonly type: 'strongroom/factor-challenge/v1';
  readonly projectId: Bytes;
  readonly recordVersion: number;
  readonly recordDigest: Bytes;
  /** Where passkeys are used; null while there are none. */
  readonly webauthn: { readonly rpId: string; readonly origins: readonly string[] } | null;
  readonly passkeys: readonly CertifiedPasskey[];
  readonly hasTotp: boolean;
  /** Recovery codes that were not used. */
  readonly recoveryCodes: number;
  readonly requiredFor: readonly FactorPurpose[];
  /** The enclave's nonce for one factor at this version of the record, 40 bytes, good once and for five minutes. */
  readonly challenge: Bytes;
  /** The caller's. */
  readonly nonce: Bytes;
  readonly issuedAtMs: number;
}

const FACTOR_CHALLENGE: CertificateType<FactorChallenge> = {
  type: 'strongroom/factor-challenge/v1',
  fields: {
    projectId: bytes(32),
    recordVersion: uint,
    recordDigest: bytes(32),
    webauthn: nullable(map({ rpId: text(253), origins: list(text(270)) })),
    passkeys: list(
      map({ credentialId: bytes(1, 256), publicKey: bytes(91), name: text(36), enrolledAtMs: uint }),
    ),
    hasTotp: bool,
    recoveryCodes: uint,
    requiredFor: list(oneOf('wallet-secret', 'recovery', 'export', 'policy', 'factor')),
    challenge: bytes(40),
    nonce: bytes(16, 64),
    issuedAtMs: uint,
  },
};

/**
 * Verifies a challenge for second factors over the nonce that was sent, so that it is of now.
 * @param expected the project, 32 bytes, and the nonce, 16 to 64
 * @throws AttestationError STATEMENT_PROJECT, STATEMENT_NONCE, or as `verifyCertificate`
 */
export async function verifyFactorChallenge(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly projectId: Uint8Array; readonly nonce: Uint8Array },
): Promise<FactorChallenge> {
  const challenge = await verifyCertificate(untrusted, identityKey, FACTOR_CHALLENGE);
  assertProject(challenge.projectId, expected.projectId);
  assertThat(isBytes(expected.nonce) && equalBytes(challenge.nonce, expected.nonce), 'STATEMENT_NONCE');
  return challenge;
}
