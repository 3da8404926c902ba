import { describe, expect, it } from 'vitest';
import { matchTotpStep, totpCodeAt, totpStepAt } from './totp.ts';
import { createTotpSteps } from './totp-steps.ts';

const secret = Buffer.from('12345678901234567890');
const NOW_MS = 1_800_000_000_000;

describe('a code', () => {
  // RFC 6238 appendix B, SHA-1: eight digits there, of which the last six are the six-digit code.
  it.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('of %i seconds is that of RFC 6238', (timeS, eightDigits) => {
    expect(totpCodeAt(secret, totpStepAt(timeS * 1000))).toBe(eightDigits.slice(2));
  });

  // RFC 4226 appendix D.
  it('of a counter is that of RFC 4226', () => {
    const codes = [
      '755224',
      '287082',
      '359152',
      '969429',
      '338314',
      '254676',
      '287922',
      '162583',
      '399871',
      '520489',
    ];
    expect(codes.map((_, counter) => totpCodeAt(secret, counter))).toEqual(codes);
  });

  it('matches its own step and those beside it, and no other', () => {
    const now = totpStepAt(NOW_MS);
    const matched = [-2, -1, 0, 1, 2].map((offset) =>
      matchTotpStep(secret, totpCodeAt(secret, now + offset), NOW_MS),
    );
    expect(matched).toEqual([null, now - 1, now, now + 1, null]);
    for (const wrong of ['', '00000', '0000000']) expect(matchTotpStep(secret, wrong, NOW_MS)).toBeNull();
  });
});

describe('the memory of steps', () => {
  const project = (fill: number) => new Uint8Array(32).fill(fill);

  it('keeps the last one of each project, and refuses when it is full of such as could be replayed', () => {
    const steps = createTotpSteps(2);
    const now = totpStepAt(NOW_MS);
    steps.use(project(1), now, NOW_MS);
    steps.use(project(2), now - 1, NOW_MS);
    expect([1, 2, 3].map((fill) => steps.lastOf(project(fill)))).toEqual([now, now - 1, 0]);
    expect(() => steps.use(project(3), now, NOW_MS)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    steps.use(project(1), now + 1, NOW_MS);
    const laterMs = NOW_MS + 60_000;
    steps.use(project(3), now + 2, laterMs);
    expect([1, 2, 3].map((fill) => steps.lastOf(project(fill)))).toEqual([now + 1, 0, now + 2]);
  });
});
