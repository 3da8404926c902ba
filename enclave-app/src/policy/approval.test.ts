import { describe, expect, it } from 'vitest';
import { approve, redeem } from './approval.ts';

describe('approval', () => {
  it('is good once, for the bytes that it was given for', () => {
    const payload = new Uint8Array([1, 2, 3]);
    const approval = approve({ kind: 'accept' }, payload);
    payload[0] = 9;
    expect(redeem(approval)).toEqual(new Uint8Array([1, 2, 3]));
    expect(() => redeem(approval)).toThrow('already spent');
  });

  it('cannot be made of anything else', () => {
    const approval = approve({ kind: 'accept' }, new Uint8Array(32));
    const Approval = approval.constructor as new (payload: Uint8Array) => typeof approval;
    const lookalike = Object.create(Approval.prototype) as typeof approval;
    expect(() => redeem(lookalike)).toThrow(TypeError);
    expect(JSON.stringify(approval)).toBe('{}');
  });
});
