// Runs in browsers and in Node.
import type { RecoveryChallenge } from '@strongroom/attestation/recovery-challenge';
import { isStrongEnough } from '@strongroom/shared/recovery/stretching';
import { ClientError } from './client-error.ts';
import { encodePortableCbor } from './portable-cbor.ts';
import { openRecoveryKey, type RecoveryKey } from './recovery-key.ts';
import { parsePassphrase, stretchPassphrase } from './recovery-passphrase.ts';

/** An API key that comes with the new Wallet Secret, for whoever lost that too. */
export interface RecoveryApiKey {
  readonly id: string;
  /** SubjectPublicKeyInfo of an Ed25519 key, DER. */
  readonly publicKey: Uint8Array;
  readonly scopes: readonly string[];
}

/** What a recovery gives the project. */
export interface RecoveryGrant {
  /** SubjectPublicKeyInfo of a P-256 key, 91 bytes. */
  readonly walletSecret: Uint8Array;
  readonly apiKey: RecoveryApiKey | null;
}

const EDDSA_HEADER = Uint8Array.of(0xa1, 0x01, 0x27);

/**
 * The recovery key of the typed words, if it is the one that a verified challenge names. Nothing that was made of wrong words leaves.
 * @throws ClientError PASSPHRASE_INVALID, PASSPHRASE_WRONG, STRETCHING_REFUSED
 */
export async function recoveryKeyFor(typed: string, challenge: RecoveryChallenge): Promise<RecoveryKey> {
  const passphrase = parsePassphrase(typed);
  if (!isStrongEnough(challenge.stretching))
    throw new ClientError('STRETCHING_REFUSED', 'The service asks for a passphrase stretched too little.');
  const seed = await stretchPassphrase(passphrase, challenge.projectId, challenge.stretching);
  const key = await openRecoveryKey(seed);
  if (!key.publicKey.every((byte, index) => byte === challenge.publicKey[index]))
    throw new ClientError('PASSPHRASE_WRONG', 'These words are not the passphrase of this project.');
  return key;
}

/** Signs a recovery: COSE_Sign1 (EdDSA, RFC 9052 section 4.4) over project, record, the enclave's nonce and what it gives. */
export async function signRecovery(
  key: RecoveryKey,
  { deploymentId, projectId, recordDigest, challenge }: RecoveryChallenge,
  { walletSecret, apiKey }: RecoveryGrant,
): Promise<Uint8Array> {
  const payload = encodePortableCbor({
    type: 'strongroom/recovery/v1',
    deploymentId,
    projectId,
    recordDigest,
    challenge,
    walletSecret,
    apiKey:
      apiKey === null
        ? null
        : {
            id: apiKey.id,
            algorithm: 'EdDSA',
            publicKey: apiKey.publicKey,
            scopes: apiKey.scopes,
            expiresAtMs: null,
            allowedIps: [],
          },
  });
  const input = encodePortableCbor(['Signature1', EDDSA_HEADER, new Uint8Array(0), payload]);
  return encodePortableCbor([EDDSA_HEADER, {}, payload, await key.sign(input)]);
}
