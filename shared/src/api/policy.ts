import * as v from 'valibot';
import { policyId } from './account-body.ts';
import {
  ethValueCriterion,
  evmAddressCriterion,
  evmDataCriterion,
  evmMessageCriterion,
  evmNetworkCriterion,
  evmTypedDataFieldCriterion,
  evmTypedDataVerifyingContractCriterion,
} from './policy-evm.ts';
import {
  mintAddressCriterion,
  programIdCriterion,
  solAddressCriterion,
  solDataCriterion,
  solMessageCriterion,
  solNetworkCriterion,
  solValueCriterion,
  splAddressCriterion,
  splValueCriterion,
} from './policy-solana.ts';

/** The SDK's limit (1.57); the text of CDP's specification still says 10. */
export const MAX_RULES = 100;
export const MAX_CRITERIA = 10;

type CriterionSchema = v.StrictObjectSchema<
  { readonly type: v.LiteralSchema<string, undefined> } & v.ObjectEntries,
  undefined
>;

const action = v.picklist(['reject', 'accept']);
const evmCallCriteria = [ethValueCriterion, evmAddressCriterion, evmDataCriterion] as const;
const solanaTransactionCriteria = [
  solAddressCriterion,
  solValueCriterion,
  splAddressCriterion,
  splValueCriterion,
  mintAddressCriterion,
  solDataCriterion,
  programIdCriterion,
] as const;

function explainCriterion(operation: string, received: string): string {
  if (received === '"netUSDChange"') {
    return 'The criterion netUSDChange is not supported: this service has no prices. Limit ethValue, or amounts in evmData, instead.';
  }
  return `A criterion of this type is not allowed for the operation ${operation}.`;
}

function explainOperation(received: string): string {
  return received.includes('EndUser')
    ? 'Operations of end users are not supported: this service has no end-user wallets.'
    : 'The operation of the rule is unknown.';
}

function defineRule<
  const Operation extends string,
  const Criteria extends readonly [CriterionSchema, ...CriterionSchema[]],
>(operation: Operation, criteria: Criteria) {
  const criterion = v.variant('type', criteria, ({ received }) => explainCriterion(operation, received));
  return v.strictObject({
    action,
    operation: v.literal(operation),
    criteria: v.pipe(v.array(criterion), v.minLength(1), v.maxLength(MAX_CRITERIA)),
  });
}

export const policyRule = v.variant(
  'operation',
  [
    defineRule('signEvmTransaction', evmCallCriteria),
    defineRule('sendEvmTransaction', [...evmCallCriteria, evmNetworkCriterion]),
    defineRule('signEvmMessage', [evmMessageCriterion]),
    defineRule('signEvmTypedData', [evmTypedDataFieldCriterion, evmTypedDataVerifyingContractCriterion]),
    v.strictObject({ action, operation: v.literal('signEvmHash') }),
    defineRule('prepareUserOperation', [...evmCallCriteria, evmNetworkCriterion]),
    defineRule('sendUserOperation', [...evmCallCriteria, evmNetworkCriterion]),
    defineRule('signSolTransaction', solanaTransactionCriteria),
    defineRule('sendSolTransaction', [...solanaTransactionCriteria, solNetworkCriterion]),
    defineRule('signSolMessage', [solMessageCriterion]),
  ],
  ({ received }) => explainOperation(received),
);

const description = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9 ,.]{1,50}$/,
    'A policy description has 1 to 50 letters, digits, spaces, commas and periods.',
  ),
);
const rules = v.pipe(v.array(policyRule), v.minLength(1), v.maxLength(MAX_RULES));

export const policyScope = v.picklist(['project', 'account']);

export interface PolicyCreateBody {
  readonly scope: PolicyScope;
  readonly description?: string | undefined;
  readonly rules: PolicyRule[];
}
export type PolicyUpdateBody = Omit<PolicyCreateBody, 'scope'>;

// Their inferred types are too deep for the compiler to carry into other workspaces.

/** Body of POST /v2/policy-engine/policies. */
export const policyCreateBody: v.GenericSchema<unknown, PolicyCreateBody> = v.strictObject({
  scope: policyScope,
  description: v.optional(description),
  rules,
});

/** Body of PUT /v2/policy-engine/policies/{policyId}: the scope of a policy never changes. */
export const policyUpdateBody: v.GenericSchema<unknown, PolicyUpdateBody> = v.strictObject({
  description: v.optional(description),
  rules,
});

/** CDP's Policy. */
export const policyBody: v.GenericSchema = v.strictObject({
  id: policyId,
  scope: policyScope,
  description: v.optional(description),
  rules,
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  updatedAt: v.pipe(v.string(), v.isoTimestamp()),
});

export type PolicyScope = v.InferOutput<typeof policyScope>;
export type PolicyRule = v.InferOutput<typeof policyRule>;
export type PolicyAction = PolicyRule['action'];
export type PolicyOperation = PolicyRule['operation'];
export type PolicyCriterion = Extract<PolicyRule, { criteria: unknown }>['criteria'][number];
