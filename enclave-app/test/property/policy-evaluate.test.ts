import type { PolicyCriterion, PolicyRule } from '@strongroom/shared/api/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile-policy.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import type { RequestUnit } from '../../src/policy/request-unit.ts';
import { policy, request, rule } from './policy-arbitraries.ts';
import { describeForReference, encode } from './policy-encoding.ts';
import { referenceVerdict } from './policy-reference.ts';

const decide = (project: PolicyRule[] | null, account: PolicyRule[] | null, unit: RequestUnit) =>
  evaluate(
    {
      project: project === null ? null : compilePolicy('project', project),
      account: account === null ? null : compilePolicy('account', account),
    },
    unit,
  );

describe('evaluate', () => {
  it('agrees with the reference evaluator', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(policy, policy, request, (project, account, described) => {
        const verdict = decide(project, account, encode(described));
        const reference = referenceVerdict(project, account, describeForReference(described));
        expect(verdict.kind).toBe(reference);
        const kind = `${described.operation} ${verdict.kind} ${verdict.reason}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }),
      { numRuns: 10_000 },
    );
    // Eight operations with each of four reasons, save that a rule for signEvmHash, without criteria, always matches.
    expect(seen.size).toBe(31);
  });

  it('does not depend on the order of rules and criteria', () => {
    const shuffled = policy.chain((rules) => {
      const reordered =
        rules === null
          ? fc.constant(null)
          : fc.shuffledSubarray(rules, { minLength: rules.length }).map((list) => list.map(reverseCriteria));
      return fc.tuple(fc.constant(rules), reordered);
    });
    fc.assert(
      fc.property(shuffled, shuffled, request, (project, account, described) => {
        const unit = encode(described);
        const { kind, reason } = decide(project[0], account[0], unit);
        expect(decide(project[1], account[1], unit)).toMatchObject({ kind, reason });
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts nothing that a reject rule of the policy in force matches', () => {
    fc.assert(
      fc.property(policy, rule, request, (rules, decisive, described) => {
        fc.pre(decisive.operation === described.operation);
        const unit = encode(described);
        const reject: PolicyRule = { ...decisive, action: 'reject' };
        fc.pre(decide([reject], null, unit).reason === 'rule_rejected');
        expect(decide([...(rules ?? []), reject], null, unit)).toMatchObject({ kind: 'reject' });
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts nothing more when a reject rule is added, and less for an accept rule only if its input is invalid', () => {
    fc.assert(
      fc.property(policy, rule, request, (rules, added, described) => {
        const before = rules ?? [{ action: 'reject', operation: described.operation } as PolicyRule];
        fc.pre(before.some(({ operation }) => operation === described.operation));
        const unit = encode(described);
        const was = decide(before, null, unit).kind;
        const is = decide([...before, added], null, unit);
        if (added.action === 'reject') expect([was, is.kind]).not.toEqual(['reject', 'accept']);
        else if (was === 'accept' && is.kind === 'reject') {
          expect(is).toMatchObject({
            reason: 'rule_rejected',
            isUndecided: true,
            ruleIndex: before.length,
          });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function reverseCriteria(one: PolicyRule): PolicyRule {
  if (!('criteria' in one)) return one;
  const criteria: PolicyCriterion[] = one.criteria.toReversed();
  return { ...one, criteria } as PolicyRule;
}
