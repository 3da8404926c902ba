import { describe, expect, it } from 'vitest';
import { totpStepAt } from './totp.ts';
import { createTotpSteps } from './totp-steps.ts';

const NOW_MS = 1_800_000_000_000;
const step = totpStepAt(NOW_MS);
const projectOf = (fill: number) => new Uint8Array(32).fill(fill);

describe('used TOTP steps', () => {
  it('never go back', () => {
    const steps = createTotpSteps();
    steps.use(projectOf(1), step + 1, NOW_MS);
    steps.use(projectOf(1), step, NOW_MS);
    expect(steps.lastOf(projectOf(1))).toBe(step + 1);
    expect(steps.lastOf(projectOf(2))).toBe(0);
  });

  it('are forgotten only when they could not be used again, and a full table refuses', () => {
    const steps = createTotpSteps(2);
    steps.use(projectOf(1), step, NOW_MS);
    steps.use(projectOf(2), step, NOW_MS);
    expect(() => steps.use(projectOf(3), step, NOW_MS + 30_000)).toThrow(
      expect.objectContaining({ code: 'OVERLOADED' }),
    );
    steps.use(projectOf(1), step + 1, NOW_MS + 30_000);
    steps.use(projectOf(3), step + 2, NOW_MS + 60_000);
    expect([1, 2, 3].map((fill) => steps.lastOf(projectOf(fill)))).toEqual([step + 1, 0, step + 2]);
  });
});
