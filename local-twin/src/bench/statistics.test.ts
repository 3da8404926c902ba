import { describe, expect, it } from 'vitest';
import { median, percentile } from './statistics.ts';

describe('median', () => {
  it.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[10, 2, 4, 3], 3.5],
  ])('of %j', (values, expected) => expect(median(values)).toBe(expected));
  it('has none of nothing', () => expect(() => median([])).toThrow(RangeError));
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('%d of 1 to 100', (share, expected) => expect(percentile(hundred, share)).toBe(expected));
  it('of few values is the largest', () => expect(percentile([7, 9], 0.99)).toBe(9));
  it('has none of nothing', () => expect(() => percentile([], 0.5)).toThrow(RangeError));
});
