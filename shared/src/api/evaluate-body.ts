import * as v from 'valibot';
import { policyId } from './account-body.ts';
import { type PolicyOperation, type PolicyRule, policyRule } from './policy.ts';

export interface EvaluatePolicyBody {
  readonly operation: PolicyOperation;
  readonly request: Record<string, unknown>;
  readonly rules?: PolicyRule[] | undefined;
  readonly address?: string | undefined;
}

/**
 * Body of POST /v2/policy-engine/evaluate: what would be decided on a request, by which rule. With `rules` the dry run asks those alone, else
 * the policies in force for `address`.
 */
export const evaluatePolicyBody: v.GenericSchema<unknown, EvaluatePolicyBody> = v.strictObject({
  operation: v.picklist([
    'signEvmTransaction',
    'sendEvmTransaction',
    'signEvmMessage',
    'signEvmTypedData',
    'signEvmHash',
    'prepareUserOperation',
    'sendUserOperation',
    'signSolTransaction',
    'sendSolTransaction',
    'signSolMessage',
  ]),
  request: v.pipe(
    v.looseObject({}),
    v.description('The body that the operation itself would get, with its network where it sends.'),
  ),
  rules: v.optional(v.pipe(v.array(policyRule), v.minLength(1), v.maxLength(100))),
  address: v.optional(v.pipe(v.string(), v.maxLength(64))),
});

/** Answer: the verdict, why, and the rule that decided, if one did. */
export const verdictBody = v.strictObject({
  verdict: v.picklist(['accept', 'reject']),
  reason: v.picklist(['rule_accepted', 'rule_rejected', 'no_rule_matched', 'no_rule_for_operation']),
  isUndecided: v.optional(
    v.pipe(v.boolean(), v.description('Rejected because a criterion could not be decided on the request.')),
  ),
  policyId: v.optional(policyId),
  ruleIndex: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
