import { matchesCondition, matchesPattern, type RequestContext } from './policy-conditions.ts';
import type { PolicyStatement } from './policy-document.ts';
import type { Principal } from './principal.ts';

/** One use of a key that a policy is asked about. */
export interface AccessRequest {
  readonly principal: Principal;
  /** `kms:Decrypt` and the like. */
  readonly action: string;
  readonly keyArn: string;
  readonly context: RequestContext;
}

export type Verdict = 'allowed' | 'explicit-deny' | 'implicit-deny';

/**
 * Judges a request by a key policy alone: the principals' own IAM policies are taken to allow everything, so a statement for an
 * account (`arn:aws:iam::<account>:root`) admits all of its principals. One Deny that matches wins over every Allow.
 */
export function evaluatePolicy(statements: readonly PolicyStatement[], request: AccessRequest): Verdict {
  const matching = statements.filter((statement) => matchesStatement(statement, request));
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicit-deny';
  return matching.length > 0 ? 'allowed' : 'implicit-deny';
}

function matchesStatement(
  statement: PolicyStatement,
  { principal, action, keyArn, context }: AccessRequest,
): boolean {
  const { principals, actions, resources, inverted, conditions } = statement;
  return (
    principals.some((named) => namesPrincipal(named, principal)) !== inverted.principal &&
    actions.some((pattern) => matchesPattern(action.toLowerCase(), pattern.toLowerCase())) !==
      inverted.action &&
    resources.some((pattern) => matchesPattern(keyArn, pattern)) !== inverted.resource &&
    conditions.every((condition) => matchesCondition(condition, context))
  );
}

/** A principal is named by its ARN, its session's ARN, its account or `*`; ARNs take no other wildcards. */
function namesPrincipal(named: string, { arn, sessionArn, accountId }: Principal): boolean {
  const partition = arn.split(':', 2)[1];
  return ['*', arn, sessionArn, accountId, `arn:${partition}:iam::${accountId}:root`].includes(named);
}
