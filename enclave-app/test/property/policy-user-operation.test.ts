// Rules on user operations beside the reference evaluator, from the body on.
import { prepareUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { readPrepareBody, unitsOf } from '../../src/operations/complete-user-operation.ts';
import { compilePolicy } from '../../src/policy/compile-policy.ts';
import { evaluateEvery, evaluateHash } from '../../src/policy/evaluate.ts';
import { callBody } from './policy-encoding.ts';
import {
  acceptsRawHashes,
  type DescribedOperation,
  type Policy,
  referenceOfCalls,
  referenceOfHash,
  userOperation,
  userOperationPolicy,
} from './user-operation-arbitraries.ts';

const compiled = (project: Policy, account: Policy) => ({
  project: project === null ? null : compilePolicy('project', project),
  account: account === null ? null : compilePolicy('account', account),
});
const unitsOfBody = ({ network, calls }: DescribedOperation) =>
  unitsOf(readPrepareBody(v.parse(prepareUserOperationBody, { network, calls: calls.map(callBody) })));

describe('a user operation', () => {
  it('that is prepared and sent is judged as the reference does', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(userOperationPolicy, userOperationPolicy, userOperation, (project, account, described) => {
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
      fc.property(
        userOperationPolicy,
        userOperationPolicy,
        userOperation,
        fc.boolean(),
        (project, account, described, isShown) => {
          const { kind } = evaluateHash(compiled(project, account), isShown ? unitsOfBody(described) : null);
          expect(kind).toBe(referenceOfHash(project, account, { described, isShown }));
          const key = `${isShown} ${kind}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        },
      ),
      { numRuns: 3000 },
    );
    expect(seen.size).toBe(4);
  });

  it('that is concealed is never accepted where the one that is shown is not, unless a rule accepts raw hashes', () => {
    fc.assert(
      fc.property(userOperationPolicy, userOperationPolicy, userOperation, (project, account, described) => {
        const policies = compiled(project, account);
        fc.pre(evaluateHash(policies, unitsOfBody(described)).kind === 'reject');
        if (evaluateHash(policies, null).kind === 'reject') return;
        expect(acceptsRawHashes(project, account)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
