import type { RecoveryChallenge } from '@strongroom/attestation/recovery-challenge';
import { MAX_STRETCHING, MIN_STRETCHING } from '@strongroom/shared/recovery/stretching';
import { expect, it } from 'vitest';
import { recoveryKeyFor } from './recovery-message.ts';

const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const challenge = { projectId: new Uint8Array(32).fill(7), publicKey: new Uint8Array(32) };

it.each([
  ['less memory', { memoryKiB: MIN_STRETCHING.memoryKiB - 1 }],
  ['fewer passes', { passes: MIN_STRETCHING.passes - 1 }],
  ['no lane', { parallelism: 0 }],
  ['more memory than there is', { memoryKiB: MAX_STRETCHING.memoryKiB + 1 }],
  ['more passes than anybody waits for', { passes: MAX_STRETCHING.passes + 1 }],
])('words are not stretched for a service that asks for %s', async (_name, change) => {
  const asked = { ...challenge, stretching: { ...MIN_STRETCHING, ...change } };
  await expect(recoveryKeyFor(WORDS, asked as RecoveryChallenge)).rejects.toThrow(
    expect.objectContaining({ code: 'STRETCHING_REFUSED' }),
  );
});
