import type { PolicyRule } from '@strongroom/shared/api/policy';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile-policy.ts';
import { evaluate, evaluateEvery } from './evaluate.ts';
import { PolicyCache } from './policy-cache.ts';
import type { RequestUnit } from './request-unit.ts';

const maxValue = (ethValue: string): PolicyRule => ({
  action: 'accept',
  operation: 'sendUserOperation',
  criteria: [{ type: 'ethValue', operator: '<=', ethValue }],
});
const call = (value: bigint): RequestUnit => ({
  operation: 'sendUserOperation',
  network: 'base',
  call: { to: new Uint8Array(20), value, data: new Uint8Array(0) },
});
const message = (action: 'accept' | 'reject', match: string): PolicyRule => ({
  action,
  operation: 'signEvmMessage',
  criteria: [{ type: 'evmMessage', match }],
});

describe('evaluate', () => {
  it('rejects when the patterns cost more than the budget, in any order of rules', () => {
    const unit: RequestUnit = { operation: 'signEvmMessage', message: 'x'.repeat(100_000) };
    const rules = [message('accept', '^x'), ...Array<PolicyRule>(10).fill(message('reject', '(x+x+)+y'))];
    for (const ordered of [rules, rules.toReversed()]) {
      const account = compilePolicy('p', ordered);
      expect(evaluate({ project: null, account }, unit)).toMatchObject({ kind: 'reject', isUndecided: true });
    }
    const account = compilePolicy('p', [message('accept', '^x')]);
    expect(evaluate({ project: null, account }, unit)).toMatchObject({ reason: 'rule_accepted' });
  });

  it('leaves a criterion undecidable whose subject the unit lacks', () => {
    const account = compilePolicy('p', [maxValue('1')]);
    const rules = account.rulesByOperation.get('sendUserOperation') ?? [];
    const crossed = { id: 'p', rulesByOperation: new Map([['signEvmHash' as const, rules]]) };
    expect(evaluate({ project: null, account: crossed }, { operation: 'signEvmHash' })).toEqual({
      kind: 'reject',
      reason: 'no_rule_matched',
    });
  });
});

describe('evaluateEvery', () => {
  const policies = { project: null, account: compilePolicy('p', [maxValue('5')]) };

  it('accepts when every unit is accepted', () => {
    const units = [call(1n), call(5n)].map((unit) => ({ policies, unit }));
    expect(evaluateEvery(units)).toMatchObject({ kind: 'accept', ruleIndex: 0 });
  });

  it('rejects when one is not', () => {
    const units = [call(1n), call(6n), call(1n)].map((unit) => ({ policies, unit }));
    expect(evaluateEvery(units)).toEqual({ kind: 'reject', reason: 'no_rule_matched' });
  });

  it('rejects a request without units', () => {
    expect(evaluateEvery([])).toMatchObject({ kind: 'reject' });
  });
});

describe('PolicyCache', () => {
  const digest = (fill: number) => new Uint8Array(32).fill(fill);

  it('compiles once per id and digest', () => {
    const cache = new PolicyCache(2);
    let compilations = 0;
    const get = (id: string, fill: number) =>
      cache.getOrCompile(id, digest(fill), () => {
        compilations += 1;
        return compilePolicy(id, []);
      });
    const first = get('a', 1);
    expect(get('a', 1)).toBe(first);
    expect(get('b', 1).id).toBe('b');
    expect(compilations).toBe(2);
    get('a', 1);
    get('a', 2);
    // "b" was used longest ago and is gone; "a" of the first digest is still there.
    expect(get('a', 1)).toBe(first);
    get('b', 1);
    expect(compilations).toBe(4);
  });

  it('keeps nothing that does not compile', () => {
    const cache = new PolicyCache(2);
    const fail = () => compilePolicy('p', [message('accept', '(')]);
    for (let i = 0; i < 2; i += 1) {
      expect(() => cache.getOrCompile('p', digest(1), fail)).toThrow(
        expect.objectContaining({ code: 'INVALID_POLICY', position: { ruleIndex: 0, criterionIndex: 0 } }),
      );
    }
  });
});
