// Rules on user operations beside the reference evaluator, from the body on.
import { type PolicyRule, policyRule } from '@strongroom/shared/api/policy';
import { prepareUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { readPrepareBody, unitsOf } from '../../src/operations/complete-user-operation.ts';
import { compilePolicy } from '../../src/policy/compile-policy.ts';
import { evaluateEvery, evaluateHash } from '../../src/policy/evaluate.ts';
import {
  action,
  call,
  callCriterion,
  networkCriterion,
  networks,
  party,
  ruleOf,
} from './policy-arbitraries.ts';
import { callBody } from './policy-encoding.ts';
import { type DescribedCall, referenceVerdict } from './policy-reference.ts';

type Policy = PolicyRule[] | null;
interface DescribedOperation {
  readonly network: string;
  readonly calls: readonly (DescribedCall & { readonly to: string })[];
}

const PREPARE = 'prepareUserOperation';
const SEND = 'sendUserOperation';
const criterion = fc.oneof(callCriterion, networkCriterion);
const rule: fc.Arbitrary<PolicyRule> = fc
  .oneof(
    ruleOf(PREPARE, criterion),
    { weight: 2, arbitrary: ruleOf(SEND, criterion) },
    fc.record({ action, operation: fc.constant('signEvmHash') }),
  )
  .map((untrusted) => v.parse(policyRule, untrusted));
const policy: fc.Arbitrary<Policy> = fc.option(fc.array(rule, { minLength: 1, maxLength: 6 }), { freq: 4 });
const operation: fc.Arbitrary<DescribedOperation> = fc.record({
  network: fc.constantFrom(...networks),
  calls: fc.array(
    fc.tuple(call, party).map(([described, to]) => ({ ...described, to })),
    { minLength: 1, maxLength: 3 },
  ),
});

const compiled = (project: Policy, account: Policy) => ({
  project: project === null ? null : compilePolicy('project', project),
  account: account === null ? null : compilePolicy('account', account),
});
const unitsOfBody = ({ network, calls }: DescribedOperation) =>
  unitsOf(readPrepareBody(v.parse(prepareUserOperationBody, { network, calls: calls.map(callBody) })));

/** What is signed is prepared and sent: both rules, each call. */
function referenceOfCalls(project: Policy, account: Policy, { network, calls }: DescribedOperation) {
  const verdicts = calls.flatMap((each) => [
    referenceVerdict(project, account, { operation: PREPARE, call: each, network }),
    referenceVerdict(project, account, { operation: SEND, call: each, network }),
  ]);
  return verdicts.includes('reject') ? 'reject' : 'accept';
}

const names = (policies: readonly Policy[], ...operations: string[]) =>
  policies.some((rules) => rules?.some((one) => operations.includes(one.operation)));

describe('a user operation', () => {
  it('that is prepared and sent is judged as the reference does', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(policy, policy, operation, (project, account, described) => {
        const policies = compiled(project, account);
        const { kind } = evaluateEvery(unitsOfBody(described).map((unit) => ({ policies, unit })));
        expect(kind).toBe(referenceOfCalls(project, account, described));
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.get('accept') ?? 0, seen.get('reject') ?? 0)).toBeGreaterThan(300);
  });

  it('whose hash is signed is judged as the reference does, shown or concealed', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(policy, policy, operation, fc.boolean(), (project, account, described, isShown) => {
        const { kind } = evaluateHash(compiled(project, account), isShown ? unitsOfBody(described) : null);
        const ofHash = referenceVerdict(project, account, { operation: 'signEvmHash' });
        const both = [project, account];
        const isConcealed = names(both, PREPARE, SEND) && !names(both, 'signEvmHash');
        const ofContent = isShown
          ? referenceOfCalls(project, account, described)
          : isConcealed
            ? 'reject'
            : 'accept';
        expect(kind).toBe(ofHash === 'accept' && ofContent === 'accept' ? 'accept' : 'reject');
        const key = `${isShown} ${kind}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }),
      { numRuns: 3000 },
    );
    expect(seen.size).toBe(4);
  });

  it('that is concealed is never accepted where the one that is shown is not, unless a rule accepts raw hashes', () => {
    fc.assert(
      fc.property(policy, policy, operation, (project, account, described) => {
        const policies = compiled(project, account);
        fc.pre(evaluateHash(policies, unitsOfBody(described)).kind === 'reject');
        if (evaluateHash(policies, null).kind === 'reject') return;
        expect(names([project, account], 'signEvmHash')).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
