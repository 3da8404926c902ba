import { createHmac, timingSafeEqual } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';

const CHALLENGE_LIFE_MS = 15 * 60_000;
const EXPIRY_BYTES = 8;

/** What a challenge is for: one version of one project's record. */
export interface ChallengedRecord {
  readonly projectId: Uint8Array;
  readonly digest: Uint8Array;
}

/**
 * The nonces of recoveries: expiry(8) || HMAC-SHA-256(key of this enclave's life, project id || record digest || expiry). Nothing is
 * remembered, so nobody can exhaust a table; one that was used is void because a recovery that starts changes the record.
 */
export interface RecoveryChallenges {
  issue(record: ChallengedRecord, nowMs: number): Uint8Array;
  /** @throws OperationError RECOVERY_REFUSED when it is not this enclave's, of another record, or older than 15 minutes */
  verify(untrustedChallenge: Uint8Array, record: ChallengedRecord, nowMs: number): void;
}

/** @param key 32 random bytes that nobody else has */
export function createRecoveryChallenges(key: Uint8Array): RecoveryChallenges {
  const make = ({ projectId, digest }: ChallengedRecord, expiresAtMs: number): Buffer => {
    const expiry = Buffer.alloc(EXPIRY_BYTES);
    expiry.writeBigUInt64BE(BigInt(expiresAtMs));
    const tag = createHmac('sha256', key).update(projectId).update(digest).update(expiry).digest();
    return Buffer.concat([expiry, tag]);
  };
  return {
    issue: (record, nowMs) => make(record, nowMs + CHALLENGE_LIFE_MS),
    verify(untrustedChallenge, record, nowMs) {
      const { buffer, byteOffset, length } = untrustedChallenge;
      const challenge = Buffer.from(buffer, byteOffset, length);
      const expiresAtMs = challenge.length > EXPIRY_BYTES ? Number(challenge.readBigUInt64BE()) : Number.NaN;
      // qed: made by us when the tag fits, so a number of milliseconds that is safe.
      const isOurs =
        Number.isSafeInteger(expiresAtMs) &&
        challenge.length === EXPIRY_BYTES + 32 &&
        timingSafeEqual(challenge, make(record, expiresAtMs));
      if (!isOurs || expiresAtMs <= nowMs) throw new OperationError('RECOVERY_REFUSED');
    },
  };
}
