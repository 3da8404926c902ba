import { MAX_EVENTS_PER_READ } from '@strongroom/shared/operations/read-events';
import { describe, expect, it } from 'vitest';
import { createEventRing } from './event-ring.ts';

function ringOf(capacity: number, reported: number) {
  let uptimeS = 0;
  const ring = createEventRing(capacity, () => uptimeS);
  for (let count = 0; count < reported; count += 1) {
    uptimeS += 1;
    ring.report({ event: 'genesis-made' });
  }
  return ring;
}
const sequences = (ring: ReturnType<typeof createEventRing>, after: number) =>
  ring.readAfter(after).events.map(({ sequence }) => sequence);

describe('an event ring', () => {
  it('is empty at first', () => {
    const ring = ringOf(4, 0);
    expect([ring.newest, ring.kept, ring.readAfter(0), ring.readAfter(9)]).toEqual([
      0,
      0,
      { events: [], dropped: 0 },
      { events: [], dropped: 0 },
    ]);
  });

  it('gives what comes after a number, oldest first, with the second of each', () => {
    const ring = ringOf(4, 3);
    expect(ring.readAfter(1)).toEqual({
      events: [
        { event: 'genesis-made', sequence: 2, uptimeS: 2 },
        { event: 'genesis-made', sequence: 3, uptimeS: 3 },
      ],
      dropped: 0,
    });
    expect([sequences(ring, 0), sequences(ring, 3), sequences(ring, 4)]).toEqual([[1, 2, 3], [], []]);
  });

  it.each([
    [4, 0],
    [5, 1],
    [9, 5],
    [4000, 3996],
  ])('of four keeps the last four of %i, and counts those that a reader missed', (reported, dropped) => {
    const ring = ringOf(4, reported);
    expect(sequences(ring, 0)).toEqual([reported - 3, reported - 2, reported - 1, reported]);
    expect([ring.kept, ring.readAfter(0).dropped]).toEqual([4, dropped]);
    expect(ring.readAfter(reported - 4).dropped).toBe(0);
    expect(ring.readAfter(reported)).toEqual({ events: [], dropped: 0 });
  });

  it('is read in parts', () => {
    const ring = ringOf(1000, 1500);
    const first = sequences(ring, 0);
    expect([first.length, first[0], first.at(-1)]).toEqual([
      MAX_EVENTS_PER_READ,
      501,
      500 + MAX_EVENTS_PER_READ,
    ]);
    expect(sequences(ring, first.at(-1) ?? 0)[0]).toBe(501 + MAX_EVENTS_PER_READ);
  });
});
