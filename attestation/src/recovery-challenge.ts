// TRUST BOUNDARY: recovery challenges, from whoever answers for a service.
import { assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes, isBytes } from './bytes.ts';
import { assertProject, type CertificateType, type Statement, verifyCertificate } from './certificates.ts';
import { bool, bytes, map, nullable, uint } from './strict-fields.ts';

/** A recovery whose waiting period runs, or is over. */
export interface PendingRecovery {
  /** 16 bytes. */
  readonly id: Bytes;
  /** SubjectPublicKeyInfo of the P-256 key that would replace all Wallet Secrets, 91 bytes. */
  readonly walletSecret: Bytes;
  /** Whether it would add an API key too. */
  readonly withApiKey: boolean;
  readonly startedAtMs: number;
  readonly completableAtMs: number;
}

/** What a recovery of a project has to sign, how the passphrase becomes the key, and which recovery waits. */
export interface RecoveryChallenge extends Statement {
  readonly type: 'strongroom/recovery-challenge/v1';
  readonly projectId: Bytes;
  readonly recordVersion: number;
  readonly recordDigest: Bytes;
  /** Raw Ed25519 recovery key, 32 bytes. */
  readonly publicKey: Bytes;
  /** Costs of Argon2id. */
  readonly stretching: {
    readonly memoryKiB: number;
    readonly passes: number;
    readonly parallelism: number;
  };
  readonly waitingPeriodMs: number;
  readonly pending: PendingRecovery | null;
  /** The enclave's nonce for a recovery of this version of the record, 40 bytes, good for 15 minutes. */
  readonly challenge: Bytes;
  /** The caller's. */
  readonly nonce: Bytes;
  readonly issuedAtMs: number;
}

const RECOVERY_CHALLENGE: CertificateType<RecoveryChallenge> = {
  type: 'strongroom/recovery-challenge/v1',
  fields: {
    projectId: bytes(32),
    recordVersion: uint,
    recordDigest: bytes(32),
    publicKey: bytes(32),
    stretching: map({ memoryKiB: uint, passes: uint, parallelism: uint }),
    waitingPeriodMs: uint,
    pending: nullable(
      map({
        id: bytes(16),
        walletSecret: bytes(91),
        withApiKey: bool,
        startedAtMs: uint,
        completableAtMs: uint,
      }),
    ),
    challenge: bytes(40),
    nonce: bytes(16, 64),
    issuedAtMs: uint,
  },
};

/**
 * Verifies a recovery challenge over the nonce that was sent, so that it is of now.
 * @param expected the project, 32 bytes, and the nonce, 16 to 64
 * @throws AttestationError STATEMENT_PROJECT, STATEMENT_NONCE, or as `verifyCertificate`
 */
export async function verifyRecoveryChallenge(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  expected: { readonly projectId: Uint8Array; readonly nonce: Uint8Array },
): Promise<RecoveryChallenge> {
  const challenge = await verifyCertificate(untrusted, identityKey, RECOVERY_CHALLENGE);
  assertProject(challenge.projectId, expected.projectId);
  assertThat(isBytes(expected.nonce) && equalBytes(challenge.nonce, expected.nonce), 'STATEMENT_NONCE');
  return challenge;
}
