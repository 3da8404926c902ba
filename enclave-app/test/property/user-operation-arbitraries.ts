// Random rules on user operations, random operations, and what the reference makes of both.
import { type PolicyRule, policyRule } from '@strongroom/shared/api/policy';
import fc from 'fast-check';
import * as v from 'valibot';
import {
  action,
  call,
  callCriterion,
  networkCriterion,
  networks,
  party,
  ruleOf,
} from './policy-arbitraries.ts';
import { type DescribedCall, referenceVerdict } from './policy-reference.ts';

export type Policy = PolicyRule[] | null;
export interface DescribedOperation {
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
export const userOperationPolicy: fc.Arbitrary<Policy> = fc.option(
  fc.array(rule, { minLength: 1, maxLength: 6 }),
  { freq: 4 },
);
export const userOperation: fc.Arbitrary<DescribedOperation> = fc.record({
  network: fc.constantFrom(...networks),
  calls: fc.array(
    fc.tuple(call, party).map(([described, to]) => ({ ...described, to })),
    { minLength: 1, maxLength: 3 },
  ),
});

/** What is signed is prepared and sent: both rules, each call. */
export function referenceOfCalls(project: Policy, account: Policy, { network, calls }: DescribedOperation) {
  const verdicts = calls.flatMap((each) => [
    referenceVerdict(project, account, { operation: PREPARE, call: each, network }),
    referenceVerdict(project, account, { operation: SEND, call: each, network }),
  ]);
  return verdicts.includes('reject') ? 'reject' : 'accept';
}

const names = (policies: readonly Policy[], ...operations: string[]) =>
  policies.some((rules) => rules?.some((one) => operations.includes(one.operation)));

/** A hash is judged as one, and by the calls that it is shown to be of. */
export function referenceOfHash(
  project: Policy,
  account: Policy,
  { described, isShown }: { readonly described: DescribedOperation; readonly isShown: boolean },
): 'accept' | 'reject' {
  const ofHash = referenceVerdict(project, account, { operation: 'signEvmHash' });
  if (ofHash === 'reject') return 'reject';
  if (isShown) return referenceOfCalls(project, account, described);
  const both = [project, account];
  return names(both, PREPARE, SEND) && !acceptsRawHashes(project, account) ? 'reject' : 'accept';
}

/** Whether a rule speaks of raw hashes at all; one that rejects has decided before. */
export function acceptsRawHashes(project: Policy, account: Policy): boolean {
  return names([project, account], 'signEvmHash');
}
