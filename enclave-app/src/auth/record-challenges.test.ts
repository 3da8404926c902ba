import { describe, expect, it } from 'vitest';
import { createAttemptLimit, RECOVERY_ATTEMPTS } from './attempt-limit.ts';
import { createRecordChallenges, RECOVERY_CHALLENGE } from './record-challenges.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const record = { projectId: filled(32, 1), digest: filled(32, 2) };
const NOW_MS = 1_800_000_000_000;
const LIFE_MS = 15 * 60_000;

describe('a recovery challenge', () => {
  const challenges = createRecordChallenges(filled(32, 9), RECOVERY_CHALLENGE);
  const challenge = challenges.issue(record, NOW_MS);

  it('is good for its record, for a quarter of an hour', () => {
    challenges.verify(challenge, record, NOW_MS + LIFE_MS - 1);
    expect(() => challenges.verify(challenge, record, NOW_MS + LIFE_MS)).toThrow(code('RECOVERY_REFUSED'));
  });

  it('is good for no other record, project, enclave or length', () => {
    const others = [
      { ...record, projectId: filled(32, 3) },
      { ...record, digest: filled(32, 3) },
    ];
    for (const other of others) {
      expect(() => challenges.verify(challenge, other, NOW_MS)).toThrow(code('RECOVERY_REFUSED'));
    }
    const elsewhere = createRecordChallenges(filled(32, 8), RECOVERY_CHALLENGE);
    expect(() => elsewhere.verify(challenge, record, NOW_MS)).toThrow(code('RECOVERY_REFUSED'));
    for (let length = 0; length < challenge.length; length++) {
      expect(() => challenges.verify(challenge.subarray(0, length), record, NOW_MS)).toThrow(
        code('RECOVERY_REFUSED'),
      );
    }
  });

  it('is good with none of its bits flipped', () => {
    for (let bit = 0; bit < challenge.length * 8; bit++) {
      const flipped = Uint8Array.from(challenge);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => challenges.verify(flipped, record, NOW_MS)).toThrow(code('RECOVERY_REFUSED'));
    }
  });
});

describe('the limit of attempts', () => {
  it('takes sixteen failures, then one a minute, for each project', () => {
    const limit = createAttemptLimit(RECOVERY_ATTEMPTS);
    const fail = (atMs: number) => {
      limit.admit(record.projectId, atMs);
      limit.noteFailure(record.projectId, atMs);
    };
    for (let count = 0; count < 16; count++) fail(NOW_MS);
    expect(() => fail(NOW_MS)).toThrow(code('RATE_LIMITED'));
    expect(() => fail(NOW_MS + 59_999)).toThrow(code('RATE_LIMITED'));
    limit.admit(record.digest, NOW_MS);
    fail(NOW_MS + 60_000);
    expect(() => fail(NOW_MS + 60_001)).toThrow(code('RATE_LIMITED'));
  });
});
