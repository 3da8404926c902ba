import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';

const EXPIRY_BYTES = 8;
const RANDOM_END = 24;
const CHALLENGE_BYTES = 40;

/** What a challenge is for: one version of one project's record. */
export interface ChallengedRecord {
  readonly projectId: Uint8Array;
  readonly digest: Uint8Array;
}

/**
 * Nonces of one kind of operation: expiry(8) || random(16) || the first 16 bytes of HMAC-SHA-256(key of this enclave's life, project id ||
 * record digest || expiry || random). Nothing is remembered, so nobody can exhaust a table; what changes the record makes every challenge
 * of it void.
 */
export interface RecordChallenges {
  issue(record: ChallengedRecord, nowMs: number): Uint8Array;
  /**
   * @returns when it expires
   * @throws OperationError of the kind's code when it is not this enclave's, of another record, or too old
   */
  verify(untrustedChallenge: Uint8Array, record: ChallengedRecord, nowMs: number): number;
}

export interface ChallengeKind {
  readonly lifeMs: number;
  readonly refusal: 'RECOVERY_REFUSED' | 'SECOND_FACTOR_REFUSED';
}

export const RECOVERY_CHALLENGE: ChallengeKind = { lifeMs: 15 * 60_000, refusal: 'RECOVERY_REFUSED' };
export const FACTOR_CHALLENGE: ChallengeKind = { lifeMs: 5 * 60_000, refusal: 'SECOND_FACTOR_REFUSED' };

/** @param key 32 random bytes that nobody else has, and no other kind of challenge */
export function createRecordChallenges(
  key: Uint8Array,
  { lifeMs, refusal }: ChallengeKind,
): RecordChallenges {
  const seal = ({ projectId, digest }: ChallengedRecord, head: Uint8Array): Buffer => {
    const tag = createHmac('sha256', key).update(projectId).update(digest).update(head).digest();
    return Buffer.concat([head, tag.subarray(0, CHALLENGE_BYTES - RANDOM_END)]);
  };
  return {
    issue(record, nowMs) {
      const expiry = Buffer.alloc(EXPIRY_BYTES);
      expiry.writeBigUInt64BE(BigInt(nowMs + lifeMs));
      return seal(record, Buffer.concat([expiry, randomBytes(RANDOM_END - EXPIRY_BYTES)]));
    },
    verify(untrustedChallenge, record, nowMs) {
      const { buffer, byteOffset, length } = untrustedChallenge;
      const challenge = Buffer.from(buffer, byteOffset, length);
      const isOurs =
        challenge.length === CHALLENGE_BYTES &&
        timingSafeEqual(challenge, seal(record, challenge.subarray(0, RANDOM_END)));
      // qed: made by us when the tag fits, so a number of milliseconds that is safe.
      const expiresAtMs = isOurs ? Number(challenge.readBigUInt64BE()) : 0;
      if (expiresAtMs <= nowMs) throw new OperationError(refusal);
      return expiresAtMs;
    },
  };
}
