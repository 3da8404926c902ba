import { describe, expect, it } from 'vitest';

// Run by same-tests.test.ts to see that the stand-in for vitest can fail.
describe('a stand-in that works', () => {
  it('passes this one', () => expect([1, Uint8Array.of(2)]).toEqual([1, Uint8Array.of(2)]));
  it('fails when values differ', () => expect(1).toBe(2));
  it('fails when structures differ', () => expect(Uint8Array.of(1)).toEqual(Uint8Array.of(2)));
  it('fails when a wrong value was excluded', () => expect('a').not.toBe('a'));
  it('fails when nothing is thrown', () => expect(() => 1).toThrow());
  it('fails when a promise is rejected', () => Promise.reject(new Error('no')));
});
