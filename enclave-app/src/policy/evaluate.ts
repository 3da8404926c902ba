import type { PolicyOperation } from '@strongroom/shared/api/policy';
import type { CompiledPolicy, CompiledRule } from './compile-policy.ts';
import { allOf, type CompiledCriterion, type EvaluationContext, type Outcome } from './criterion.ts';
import { MAX_SEARCH_STEPS } from './pattern/search-pattern.ts';
import type { RequestUnit } from './request-unit.ts';

/** The policies in force for one account. */
export interface ApplicablePolicies {
  readonly project: CompiledPolicy | null;
  readonly account: CompiledPolicy | null;
}

/** The rule that decided: of several the first in the document, although order decides nothing. */
export interface DecidingRule {
  readonly policyId: string;
  readonly ruleIndex: number;
}

/** Reasons as CDP's policy simulation names them. */
export type Verdict =
  | ({ readonly kind: 'accept'; readonly reason: 'rule_accepted' } & DecidingRule)
  | { readonly kind: 'accept'; readonly reason: 'no_rule_for_operation' }
  | ({
      readonly kind: 'reject';
      readonly reason: 'rule_rejected';
      /** Whether the rule could not be decided on this input, rather than matched it. */
      readonly isUndecided: boolean;
    } & DecidingRule)
  | { readonly kind: 'reject'; readonly reason: 'no_rule_matched' };

/** One unit of a request with the policies of the account that it concerns. */
export interface EvaluatedUnit {
  readonly policies: ApplicablePolicies;
  readonly unit: RequestUnit;
}

/**
 * Decides one unit (CDP's newest evaluation; docs/adr/0007-policy-evaluation.md). Within a policy a matching reject beats every
 * accept. The project's policy decides if any of its rules matches, otherwise the account's. An operation that rules name, but none
 * matches, is rejected; one that no rule names is accepted.
 */
export function evaluate({ project, account }: ApplicablePolicies, unit: RequestUnit): Verdict {
  const context: EvaluationContext = { remainingSteps: MAX_SEARCH_STEPS, decodedCalls: new Map() };
  let isTargeted = false;
  for (const policy of [project, account]) {
    const rules = policy?.rulesByOperation.get(unit.operation) ?? [];
    if (policy === null || rules.length === 0) continue;
    isTargeted = true;
    const verdict = evaluatePolicy(policy.id, rules, unit, context);
    if (verdict !== null) return verdict;
  }
  return isTargeted
    ? { kind: 'reject', reason: 'no_rule_matched' }
    : { kind: 'accept', reason: 'no_rule_for_operation' };
}

/**
 * Decides a request of several units: every one must be accepted. Returns the first rejection, else the first acceptance.
 * A request without units is rejected: nothing was looked at.
 */
export function evaluateEvery(units: readonly EvaluatedUnit[]): Verdict {
  const verdicts = units.map(({ policies, unit }) => evaluate(policies, unit));
  const rejection = verdicts.find(({ kind }) => kind === 'reject');
  return rejection ?? verdicts[0] ?? { kind: 'reject', reason: 'no_rule_matched' };
}

const USER_OPERATIONS = ['prepareUserOperation', 'sendUserOperation'] as const;

/**
 * Decides a raw hash. One that is shown to be a user operation's is judged by its calls as well. Of any other it cannot be known that it is
 * none: where rules name user operations, it needs a rule that accepts raw hashes.
 * @param userOperation the units of the operation that the hash commits to, null when none is shown
 */
export function evaluateHash(
  policies: ApplicablePolicies,
  userOperation: readonly RequestUnit[] | null,
): Verdict {
  const verdict = evaluate(policies, { operation: 'signEvmHash' });
  if (verdict.kind === 'reject') return verdict;
  if (userOperation !== null) return evaluateEvery(userOperation.map((unit) => ({ policies, unit })));
  const isUnnamed = verdict.reason === 'no_rule_for_operation';
  return isUnnamed && USER_OPERATIONS.some((operation) => names(policies, operation))
    ? { kind: 'reject', reason: 'no_rule_matched' }
    : verdict;
}

function names({ project, account }: ApplicablePolicies, operation: PolicyOperation): boolean {
  return [project, account].some((policy) => policy?.rulesByOperation.has(operation));
}

/** Returns null when no rule matches. All rules are looked at, so that their order cannot matter. */
function evaluatePolicy(
  policyId: string,
  rules: readonly CompiledRule[],
  unit: RequestUnit,
  context: EvaluationContext,
): Verdict | null {
  const results = rules.map((rule) => ({ rule, outcome: evaluateRule(rule, unit, context) }));
  // Which rule met the end of the budget depends on order: then no answer of this policy counts.
  const isExhausted = context.remainingSteps < 0;
  const rejecting = results.find(({ rule, outcome }) => isExhausted || rejects(rule, outcome));
  if (rejecting !== undefined) {
    const { rule, outcome } = rejecting;
    const isUndecided = isExhausted || outcome !== 'met';
    return { kind: 'reject', reason: 'rule_rejected', isUndecided, policyId, ruleIndex: rule.index };
  }
  const accepting = results.find(({ outcome }) => outcome === 'met');
  if (accepting === undefined) return null;
  return { kind: 'accept', reason: 'rule_accepted', policyId, ruleIndex: accepting.rule.index };
}

/** An invalid input rejects whatever the rule's action; an undecidable one counts against the request. */
function rejects({ action }: CompiledRule, outcome: Outcome): boolean {
  if (outcome === 'invalid') return true;
  return action === 'reject' && (outcome === 'met' || outcome === 'undecidable');
}

function evaluateRule({ criteria }: CompiledRule, unit: RequestUnit, context: EvaluationContext): Outcome {
  return allOf(criteria.map((criterion) => evaluateCriterion(criterion, unit, context)));
}

/** A criterion on something that the unit does not have is undecidable; the schema lets none through. */
function evaluateCriterion(
  criterion: CompiledCriterion,
  unit: RequestUnit,
  context: EvaluationContext,
): Outcome {
  switch (criterion.subject) {
    case 'call':
      return 'call' in unit ? criterion.test(unit.call, context) : 'undecidable';
    case 'network':
      return 'network' in unit ? criterion.test(unit.network, context) : 'undecidable';
    case 'message':
      return 'message' in unit ? criterion.test(unit.message, context) : 'undecidable';
    case 'typedData':
      return 'typedData' in unit ? criterion.test(unit.typedData, context) : 'undecidable';
    case 'transaction':
      return 'transaction' in unit ? criterion.test(unit.transaction, context) : 'undecidable';
  }
}
