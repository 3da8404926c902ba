import { describe, expect, it } from 'vitest';
import { anchorClock } from './clock.ts';

describe('anchored clock', () => {
  it('runs from the anchor by the monotonic clock', () => {
    let monotonicMs = 500;
    const clock = anchorClock(1_000_000, () => monotonicMs);
    expect(clock.nowMs()).toBe(1_000_000);
    monotonicMs += 1234.5;
    expect(clock.nowMs()).toBe(1_001_234);
    expect(clock.bootMs).toBe(1_000_000);
  });

  it('follows a new anchor that nearly agrees, and refuses one that does not', () => {
    let monotonicMs = 0;
    const clock = anchorClock(1_000_000, () => monotonicMs);
    monotonicMs = 3_600_000;
    clock.reanchor(4_600_000 + 30_000);
    expect(clock.nowMs()).toBe(4_630_000);
    for (const jump of [30_001, -30_001, 86_400_000]) {
      expect(() => clock.reanchor(clock.nowMs() + jump)).toThrow(
        expect.objectContaining({ code: 'CLOCK_DISAGREES' }),
      );
    }
    expect(clock.nowMs()).toBe(4_630_000);
  });

  it('stands still until an anchor that went back has caught up, so that no token grows younger', () => {
    let monotonicMs = 0;
    const clock = anchorClock(1_000_000, () => monotonicMs);
    monotonicMs = 100_000;
    expect(clock.nowMs()).toBe(1_100_000);
    clock.reanchor(1_075_000);
    expect(clock.nowMs()).toBe(1_100_000);
    // What an anchor has to agree with is the module's time, not the time shown.
    expect(() => clock.reanchor(1_044_999)).toThrow(expect.objectContaining({ code: 'CLOCK_DISAGREES' }));
    monotonicMs += 24_999;
    expect(clock.nowMs()).toBe(1_100_000);
    monotonicMs += 2;
    expect(clock.nowMs()).toBe(1_100_001);
  });

  it('waits until a time, and not at all for one that has passed', async () => {
    const clock = anchorClock(Date.now());
    await clock.until(0);
    const due = clock.nowMs() + 40;
    await clock.until(due);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(due);
  });
});
