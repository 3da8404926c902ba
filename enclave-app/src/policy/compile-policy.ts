import type {
  PolicyAction,
  PolicyCriterion,
  PolicyOperation,
  PolicyRule,
} from '@strongroom/shared/api/policy';
import type { CompiledCriterion } from './criterion.ts';
import { MAX_POLICY_PATTERN_LENGTH, type PatternBudget } from './pattern/compile-pattern.ts';
import { PolicyError } from './policy-error.ts';
import { compileEthValue } from './rules/eth-value.ts';
import { compileEvmAddress } from './rules/evm-address.ts';
import { compileEvmData } from './rules/evm-data.ts';
import { compileEvmTypedDataField } from './rules/evm-typed-data-field.ts';
import { compileEvmVerifyingContract } from './rules/evm-verifying-contract.ts';
import { compileMessagePattern } from './rules/message-pattern.ts';
import { compileNetwork } from './rules/network.ts';
import { compileProgramId } from './rules/program-id.ts';
import { compileSolData } from './rules/sol-data.ts';
import { compileSolTransfer } from './rules/sol-transfer.ts';

export interface CompiledRule {
  /** Position in the document, from 0. */
  readonly index: number;
  readonly action: PolicyAction;
  readonly criteria: readonly CompiledCriterion[];
}

/** A policy made ready for many evaluations. It holds nothing of the request and may be kept as long as its digest stands. */
export interface CompiledPolicy {
  readonly id: string;
  readonly rulesByOperation: ReadonlyMap<PolicyOperation, readonly CompiledRule[]>;
}

/**
 * Compiles a policy whose rules have passed the schema `policyRule`.
 * @throws INVALID_POLICY when a pattern, ABI, IDL, type definition, address or value in it is not valid, with the rule's index
 */
export function compilePolicy(id: string, rules: readonly PolicyRule[]): CompiledPolicy {
  const budget: PatternBudget = { remainingInstructions: MAX_POLICY_PATTERN_LENGTH };
  const rulesByOperation = new Map<PolicyOperation, CompiledRule[]>();
  for (const [index, rule] of rules.entries()) {
    const criteria =
      'criteria' in rule ? compileCriteria(rule.criteria, { action: rule.action, budget }, index) : [];
    const others = rulesByOperation.get(rule.operation) ?? [];
    rulesByOperation.set(rule.operation, [...others, { index, action: rule.action, criteria }]);
  }
  return { id, rulesByOperation };
}

/** What a criterion's meaning and limits depend on beside itself. */
interface Surroundings {
  readonly action: PolicyAction;
  readonly budget: PatternBudget;
}

function compileCriteria(
  criteria: readonly PolicyCriterion[],
  surroundings: Surroundings,
  ruleIndex: number,
): CompiledCriterion[] {
  return criteria.map((criterion, criterionIndex) => {
    try {
      return compileCriterion(criterion, surroundings);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      throw new PolicyError(error.message, { ruleIndex, criterionIndex });
    }
  });
}

function compileCriterion(criterion: PolicyCriterion, { action, budget }: Surroundings): CompiledCriterion {
  switch (criterion.type) {
    case 'ethValue':
      return compileEthValue(criterion);
    case 'evmAddress':
      return compileEvmAddress(criterion);
    case 'evmNetwork':
    case 'solNetwork':
      return compileNetwork(criterion);
    case 'evmData':
      return compileEvmData(criterion);
    case 'evmMessage':
    case 'solMessage':
      return compileMessagePattern(criterion, budget);
    case 'evmTypedDataField':
      return compileEvmTypedDataField(criterion, budget);
    case 'evmTypedDataVerifyingContract':
      return compileEvmVerifyingContract(criterion);
    case 'programId':
      return compileProgramId(criterion, action);
    case 'solData':
      return compileSolData(criterion, action);
    case 'solAddress':
    case 'solValue':
    case 'splAddress':
    case 'splValue':
    case 'mintAddress':
      return compileSolTransfer(criterion, action);
  }
}
