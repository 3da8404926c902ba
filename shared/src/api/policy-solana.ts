import * as v from 'valibot';
import {
  comparisonOperator,
  decimalAmount,
  MAX_LIST_ENTRIES,
  membershipOperator,
  messagePattern,
  parameterCondition,
  policyName,
} from './policy-evm.ts';

// Criteria of Solana rules as CDP's policy engine defines them (schemas SolAddressCriterion, SolDataCriterion, ...).

const MAX_IDLS = 20;
const MAX_IDL_ENTRIES = 200;
const MAX_CONDITIONS = 100;

/** Base58 of 32 bytes; the decoded length is checked when the policy is compiled. */
const solanaAddress = v.pipe(v.string(), v.regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/));
const solanaAddresses = v.pipe(v.array(solanaAddress), v.maxLength(MAX_LIST_ENTRIES));

export const SOLANA_NETWORKS = ['solana-devnet', 'solana'] as const;
export const KNOWN_IDLS = ['SystemProgram', 'TokenProgram', 'AssociatedTokenProgram'] as const;

export const solAddressCriterion = v.strictObject({
  type: v.literal('solAddress'),
  addresses: solanaAddresses,
  operator: membershipOperator,
});

export const solValueCriterion = v.strictObject({
  type: v.literal('solValue'),
  solValue: decimalAmount,
  operator: comparisonOperator,
});

export const splAddressCriterion = v.strictObject({
  type: v.literal('splAddress'),
  addresses: solanaAddresses,
  operator: membershipOperator,
});

export const splValueCriterion = v.strictObject({
  type: v.literal('splValue'),
  splValue: decimalAmount,
  operator: comparisonOperator,
});

export const mintAddressCriterion = v.strictObject({
  type: v.literal('mintAddress'),
  addresses: solanaAddresses,
  operator: membershipOperator,
});

export const programIdCriterion = v.strictObject({
  type: v.literal('programId'),
  programIds: solanaAddresses,
  operator: membershipOperator,
});

export const solNetworkCriterion = v.strictObject({
  type: v.literal('solNetwork'),
  networks: v.pipe(v.array(v.picklist(SOLANA_NETWORKS)), v.maxLength(MAX_LIST_ENTRIES)),
  operator: membershipOperator,
});

export const solMessageCriterion = v.strictObject({ type: v.literal('solMessage'), match: messagePattern });

const discriminatorByte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

const idlInstruction = v.looseObject({
  name: policyName,
  discriminator: v.pipe(v.array(discriminatorByte), v.length(8)),
  args: v.pipe(
    v.array(v.looseObject({ name: policyName, type: v.union([v.string(), v.looseObject({})]) })),
    v.maxLength(MAX_IDL_ENTRIES),
  ),
});

/** Anchor's IDL, format 0.30 or later. Only `address` and `instructions` are read; the rest is kept as sent. */
const anchorIdl = v.looseObject({
  address: solanaAddress,
  instructions: v.pipe(v.array(idlInstruction), v.minLength(1), v.maxLength(MAX_IDL_ENTRIES)),
});

export const solDataCriterion = v.strictObject({
  type: v.literal('solData'),
  idls: v.pipe(v.array(v.union([v.picklist(KNOWN_IDLS), anchorIdl])), v.minLength(1), v.maxLength(MAX_IDLS)),
  conditions: v.pipe(
    v.array(
      v.strictObject({
        instruction: policyName,
        params: v.optional(v.pipe(v.array(parameterCondition), v.maxLength(MAX_CONDITIONS))),
      }),
    ),
    v.minLength(1),
    v.maxLength(MAX_CONDITIONS),
  ),
});

export type SolanaNetwork = (typeof SOLANA_NETWORKS)[number];
export type KnownIdl = (typeof KNOWN_IDLS)[number];
export type AnchorIdl = v.InferOutput<typeof anchorIdl>;
export type SolAddressCriterion = v.InferOutput<typeof solAddressCriterion>;
export type SolValueCriterion = v.InferOutput<typeof solValueCriterion>;
export type SplAddressCriterion = v.InferOutput<typeof splAddressCriterion>;
export type SplValueCriterion = v.InferOutput<typeof splValueCriterion>;
export type MintAddressCriterion = v.InferOutput<typeof mintAddressCriterion>;
export type ProgramIdCriterion = v.InferOutput<typeof programIdCriterion>;
export type SolNetworkCriterion = v.InferOutput<typeof solNetworkCriterion>;
export type SolMessageCriterion = v.InferOutput<typeof solMessageCriterion>;
export type SolDataCriterion = v.InferOutput<typeof solDataCriterion>;
