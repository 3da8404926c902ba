import type { PolicyAction, PolicyCriterion, PolicyRule } from '@strongroom/shared/api/policy';
import { type DescribedOrder, orderTruth, sure, type Truth, unknown } from './policy-typed-data.ts';

// A second evaluator, slow and plain, for the property tests. It shares no code with policy/: it looks at a description from which
// the tests build the real transaction, and asks of every criterion whether it must hold and whether it may hold.

export interface DescribedCall {
  readonly to: string | null;
  readonly value: bigint;
  readonly data:
    | { readonly kind: 'none' }
    | { readonly kind: 'transfer' | 'approve'; readonly party: string; readonly amount: bigint }
    /** Starts like a transfer, but a byte too much follows. */
    | { readonly kind: 'broken transfer' };
}

export type DescribedInstruction =
  | { readonly kind: 'sol'; readonly to: string; readonly amount: bigint; readonly isHidden: boolean }
  | {
      readonly kind: 'spl';
      readonly to: string;
      readonly amount: bigint;
      readonly mint: string | null;
      readonly isHidden: boolean;
    }
  | { readonly kind: 'broken sol' }
  | { readonly kind: 'other' };

export type DescribedRequest =
  | { readonly operation: 'signEvmTransaction'; readonly call: DescribedCall }
  | {
      readonly operation: 'sendEvmTransaction' | 'prepareUserOperation' | 'sendUserOperation';
      readonly call: DescribedCall;
      readonly network: string;
    }
  | { readonly operation: 'signEvmHash' }
  | { readonly operation: 'signEvmMessage' | 'signSolMessage'; readonly message: string }
  | { readonly operation: 'signEvmTypedData'; readonly order: DescribedOrder }
  | { readonly operation: 'signSolTransaction'; readonly instructions: readonly DescribedInstruction[] }
  | {
      readonly operation: 'sendSolTransaction';
      readonly instructions: readonly DescribedInstruction[];
      readonly network: string;
    };

const SYSTEM = '11111111111111111111111111111111';
const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const OTHER_PROGRAM = 'HpabPRRCFbBKSuJr5PdkVvQc85FyxyTWkFM2obBRSvHT';

export function referenceVerdict(
  project: readonly PolicyRule[] | null,
  account: readonly PolicyRule[] | null,
  request: DescribedRequest,
): 'accept' | 'reject' {
  let namesOperation = false;
  for (const policy of [project, account]) {
    if (policy === null) continue;
    const rules = policy.filter((rule) => rule.operation === request.operation);
    if (rules.length > 0) namesOperation = true;
    const truths = rules.map((rule) => [rule.action, ...ruleTruth(rule, request)] as const);
    if (truths.some(([action, , may, isInvalid]) => isInvalid || (action === 'reject' && may)))
      return 'reject';
    if (truths.some(([action, must]) => action === 'accept' && must)) return 'accept';
  }
  return namesOperation ? 'reject' : 'accept';
}

function ruleTruth(rule: PolicyRule, request: DescribedRequest): Truth {
  const criteria: readonly PolicyCriterion[] = 'criteria' in rule ? rule.criteria : [];
  const truths = criteria.map((criterion) => criterionTruth(criterion, rule.action, request));
  const may = truths.every(([, each]) => each);
  return [truths.every(([must]) => must), may, may && truths.some(([, , isInvalid]) => isInvalid)];
}

function criterionTruth(criterion: PolicyCriterion, action: PolicyAction, request: DescribedRequest): Truth {
  if (request.operation === 'signEvmTypedData') return orderTruth(criterion, request.order);
  if ('message' in request && (criterion.type === 'evmMessage' || criterion.type === 'solMessage')) {
    return sure(new RegExp(criterion.match, 'u').test(request.message));
  }
  if ('network' in request && (criterion.type === 'evmNetwork' || criterion.type === 'solNetwork')) {
    const networks: readonly string[] = criterion.networks;
    const isListed = networks.includes(request.network);
    return sure(criterion.operator === 'in' ? isListed : !isListed);
  }
  if ('call' in request) return callTruth(criterion, request.call);
  if ('instructions' in request) return instructionsTruth(criterion, action, request.instructions);
  throw new Error(`the reference knows no ${criterion.type} for ${request.operation}`);
}

function callTruth(criterion: PolicyCriterion, call: DescribedCall): Truth {
  switch (criterion.type) {
    case 'ethValue':
      return sure(holds(call.value, criterion.operator, criterion.ethValue));
    case 'evmAddress':
      if (call.to === null) return criterion.operator === 'in' ? sure(false) : unknown;
      return sure(listed(call.to, criterion.addresses, criterion.operator));
    case 'evmData': {
      const { data } = call;
      if (data.kind === 'broken transfer') {
        return criterion.conditions.some((condition) => condition.function === 'transfer')
          ? unknown
          : sure(false);
      }
      const named = criterion.conditions.filter((condition) => condition.function === data.kind);
      if (data.kind === 'none' || named.length === 0) return sure(false);
      const params = named.flatMap((condition) => condition.params ?? []);
      return sure(
        params.every((param) => {
          const isParty = ['to', 'spender', '0'].includes(param.name);
          if ('values' in param) return listed(data.party, param.values, param.operator);
          return isParty
            ? listed(data.party, [param.value], 'in')
            : holds(data.amount, param.operator, param.value);
        }),
      );
    }
    default:
      throw new Error(`not a criterion of calls: ${criterion.type}`);
  }
}

function instructionsTruth(
  criterion: PolicyCriterion,
  action: PolicyAction,
  instructions: readonly DescribedInstruction[],
): Truth {
  const truths = instructions.flatMap((instruction) => {
    const truth = instructionTruth(criterion, instruction);
    return truth === null ? [] : [truth];
  });
  // All of at least one to accept, one of any to reject.
  if (action === 'accept') return [truths.length > 0 && truths.every(([must]) => must), false, false];
  return [false, truths.some(([, may]) => may), false];
}

/** Null when the criterion does not speak of this instruction. */
function instructionTruth(criterion: PolicyCriterion, instruction: DescribedInstruction): Truth | null {
  if (criterion.type === 'programId') {
    const program = { sol: SYSTEM, 'broken sol': SYSTEM, spl: TOKEN, other: OTHER_PROGRAM }[instruction.kind];
    const isListed = criterion.programIds.includes(program);
    return sure(criterion.operator === 'in' ? isListed : !isListed);
  }
  if (criterion.type === 'solData') {
    // Of System transfers alone, by their amount.
    if (instruction.kind === 'broken sol') return unknown;
    if (instruction.kind !== 'sol') return sure(false);
    const { amount } = instruction;
    return sure(
      criterion.conditions.some(({ params = [] }) =>
        params.every((param) => 'value' in param && holds(amount, param.operator, param.value)),
      ),
    );
  }
  const isNative = criterion.type === 'solAddress' || criterion.type === 'solValue';
  if (instruction.kind === 'broken sol') return isNative ? unknown : null;
  if (instruction.kind === 'other' || (instruction.kind === 'sol') !== isNative) return null;
  switch (criterion.type) {
    case 'solValue':
      return sure(holds(instruction.amount, criterion.operator, criterion.solValue));
    case 'splValue':
      return sure(holds(instruction.amount, criterion.operator, criterion.splValue));
    case 'solAddress':
    case 'splAddress':
      if (instruction.isHidden) return unknown;
      return sure(criterion.addresses.includes(instruction.to) === (criterion.operator === 'in'));
    case 'mintAddress': {
      const mint = instruction.kind === 'spl' ? instruction.mint : null;
      return mint === null
        ? unknown
        : sure(criterion.addresses.includes(mint) === (criterion.operator === 'in'));
    }
    default:
      throw new Error(`not a criterion of instructions: ${criterion.type}`);
  }
}

function holds(left: bigint, operator: string, right: string): boolean {
  const difference = left - BigInt(right);
  if (operator === '==') return difference === 0n;
  if (operator === '<=') return difference <= 0n;
  if (operator === '>=') return difference >= 0n;
  return operator === '<' ? difference < 0n : difference > 0n;
}

function listed(address: string, addresses: readonly string[], operator: string): boolean {
  const isListed = addresses.map((entry) => entry.toLowerCase()).includes(address.toLowerCase());
  return operator === 'in' ? isListed : !isListed;
}
