import * as v from 'valibot';

// Criteria of EVM rules as CDP's policy engine defines them (schemas EthValueCriterion, EvmAddressCriterion, ...).
// Only actions that have a JSON Schema counterpart, because the OpenAPI document is generated from these.

/** CDP: "There is a limit of 300 addresses per criterion." Used for every list that a value is looked up in. */
export const MAX_LIST_ENTRIES = 300;
/** 2^256 - 1 has 78 decimal digits. */
const MAX_DECIMAL_DIGITS = 78;
const MAX_NAME_LENGTH = 256;
const MAX_ABI_ITEMS = 500;
const MAX_CONDITIONS = 100;
/** An RE2 pattern; whether it is one is decided when the policy is compiled. */
export const MAX_PATTERN_LENGTH = 1000;

export const EVM_NETWORKS = [
  'base-sepolia',
  'base',
  'ethereum',
  'ethereum-sepolia',
  'avalanche',
  'polygon',
  'optimism',
  'arbitrum',
  'arbitrum-sepolia',
  'zora',
  'bnb',
  'world',
  'world-sepolia',
] as const;

export const comparisonOperator = v.picklist(['>', '>=', '<', '<=', '==']);
export const membershipOperator = v.picklist(['in', 'not in']);
export const policyName = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_LENGTH));
export const decimalAmount = v.pipe(
  v.string(),
  v.regex(/^[0-9]+$/),
  v.maxLength(MAX_DECIMAL_DIGITS),
  v.description('A decimal integer.'),
);
export const messagePattern = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(MAX_PATTERN_LENGTH),
  v.description('An RE2 regular expression, searched for anywhere in the text.'),
);

const addresses = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/))),
  v.maxLength(MAX_LIST_ENTRIES),
);

export const ethValueCriterion = v.strictObject({
  type: v.literal('ethValue'),
  ethValue: decimalAmount,
  operator: comparisonOperator,
});

export const evmAddressCriterion = v.strictObject({
  type: v.literal('evmAddress'),
  addresses,
  operator: membershipOperator,
});

export const evmNetworkCriterion = v.strictObject({
  type: v.literal('evmNetwork'),
  networks: v.pipe(v.array(v.picklist(EVM_NETWORKS)), v.maxLength(MAX_LIST_ENTRIES)),
  operator: membershipOperator,
});

/** The value of a parameter: decimal or 0x-hex integers, "true"/"false", 0x-hex bytes and addresses, text. */
const parameterText = v.pipe(v.string(), v.maxLength(10_000));

export const parameterCondition = v.union([
  v.strictObject({ name: policyName, operator: comparisonOperator, value: parameterText }),
  v.strictObject({
    name: policyName,
    operator: membershipOperator,
    values: v.pipe(v.array(parameterText), v.maxLength(MAX_LIST_ENTRIES)),
  }),
]);

const parameterConditions = v.pipe(v.array(parameterCondition), v.minLength(1), v.maxLength(MAX_CONDITIONS));

const abiParameter = v.looseObject({
  name: v.optional(v.string()),
  type: v.string(),
  internalType: v.optional(v.string()),
  components: v.optional(v.array(v.looseObject({}))),
});

/** Solidity's JSON ABI. Only functions are read; the rest is kept as sent. */
const abiItem = v.variant('type', [
  v.looseObject({
    type: v.literal('function'),
    name: v.string(),
    inputs: v.array(abiParameter),
    outputs: v.optional(v.array(abiParameter)),
    stateMutability: v.optional(v.picklist(['pure', 'view', 'nonpayable', 'payable'])),
  }),
  v.looseObject({ type: v.picklist(['constructor', 'error', 'event', 'fallback', 'receive']) }),
]);

export const evmDataCriterion = v.strictObject({
  type: v.literal('evmData'),
  abi: v.union([
    v.picklist(['erc20', 'erc721', 'erc1155']),
    v.pipe(v.array(abiItem), v.minLength(1), v.maxLength(MAX_ABI_ITEMS)),
  ]),
  conditions: v.pipe(
    v.array(v.strictObject({ function: policyName, params: v.optional(parameterConditions) })),
    v.minLength(1),
    v.maxLength(MAX_CONDITIONS),
  ),
});

export const evmMessageCriterion = v.strictObject({ type: v.literal('evmMessage'), match: messagePattern });

const typedDataPath = v.pipe(
  v.string(),
  v.maxLength(MAX_NAME_LENGTH),
  v.regex(/^[A-Za-z_$][A-Za-z0-9_$]*(\[[0-9]{1,9}\])*(\.[A-Za-z_$][A-Za-z0-9_$]*(\[[0-9]{1,9}\])*)*$/),
);

const typedDataCondition = v.union([
  v.strictObject({ path: typedDataPath, operator: membershipOperator, addresses }),
  v.strictObject({ path: typedDataPath, operator: comparisonOperator, value: decimalAmount }),
  v.strictObject({ path: typedDataPath, match: messagePattern }),
]);

export const evmTypedDataFieldCriterion = v.strictObject({
  type: v.literal('evmTypedDataField'),
  types: v.strictObject({
    types: v.record(
      v.string(),
      v.pipe(v.array(v.strictObject({ name: v.string(), type: v.string() })), v.maxLength(MAX_CONDITIONS)),
    ),
    primaryType: v.string(),
  }),
  conditions: v.pipe(v.array(typedDataCondition), v.minLength(1), v.maxLength(MAX_CONDITIONS)),
});

export const evmTypedDataVerifyingContractCriterion = v.strictObject({
  type: v.literal('evmTypedDataVerifyingContract'),
  addresses,
  operator: membershipOperator,
});

export type ComparisonOperator = v.InferOutput<typeof comparisonOperator>;
export type MembershipOperator = v.InferOutput<typeof membershipOperator>;
export type EvmNetwork = (typeof EVM_NETWORKS)[number];
export type ParameterCondition = v.InferOutput<typeof parameterCondition>;
export type EthValueCriterion = v.InferOutput<typeof ethValueCriterion>;
export type EvmAddressCriterion = v.InferOutput<typeof evmAddressCriterion>;
export type EvmNetworkCriterion = v.InferOutput<typeof evmNetworkCriterion>;
export type EvmDataCriterion = v.InferOutput<typeof evmDataCriterion>;
export type EvmMessageCriterion = v.InferOutput<typeof evmMessageCriterion>;
export type TypedDataCondition = v.InferOutput<typeof typedDataCondition>;
export type EvmTypedDataFieldCriterion = v.InferOutput<typeof evmTypedDataFieldCriterion>;
export type EvmTypedDataVerifyingContractCriterion = v.InferOutput<
  typeof evmTypedDataVerifyingContractCriterion
>;
