import type { EvmTypedDataFieldCriterion, TypedDataCondition } from '@strongroom/shared/api/policy-evm';
import { EvmError } from '../../evm/evm-error.ts';
import { encodeType, resolveStructTypes } from '../../evm/typed-data-types.ts';
import type { TypedValue } from '../../evm/typed-data-value.ts';
import { type CompiledCriterion, type EvaluationContext, type Outcome, outcomeOf } from '../criterion.ts';
import { bytesKey, compare, isMember } from '../operators.ts';
import { compilePattern, type PatternBudget } from '../pattern/compile-pattern.ts';
import { searchPattern } from '../pattern/search-pattern.ts';
import { PolicyError } from '../policy-error.ts';
import { evmAddressSet } from './evm-address.ts';

type PathStep = string | number;
type ValueTest = (value: TypedValue, context: EvaluationContext) => boolean | null | 'ill-typed';

interface FieldTest {
  readonly path: readonly PathStep[];
  readonly test: ValueTest;
}

/**
 * Fields of the signed message. The message's type must be the rule's, to the letter of encodeType: of another name it is unmet, of
 * the same name with other fields undecidable. A field that is missing or not of the condition's kind makes it invalid.
 * @throws INVALID_POLICY when the types are not well formed or a pattern is not RE2
 */
export function compileEvmTypedDataField(
  criterion: EvmTypedDataFieldCriterion,
  budget: PatternBudget,
): CompiledCriterion {
  const { types, primaryType } = criterion.types;
  const expectedType = readEncodeType(types, primaryType);
  const tests = criterion.conditions.map((condition) => compileCondition(condition, budget));
  return {
    subject: 'typedData',
    test: ({ structs, primaryType: signedType, domain, message }, context) => {
      if (signedType !== primaryType) return 'unmet';
      if (encodeType(structs, signedType) !== expectedType) return 'undecidable';
      // With EIP712Domain as primary type the domain is all that is signed.
      const root = message ?? domain;
      return allConditions(tests.map(({ path, test }) => testField(root, path, test, context)));
    },
  };
}

function readEncodeType(types: Record<string, unknown>, primaryType: string): string {
  try {
    return encodeType(resolveStructTypes(types, [primaryType]), primaryType);
  } catch (error) {
    if (error instanceof EvmError) throw new PolicyError('The EIP-712 types are not well formed.');
    throw error;
  }
}

/** CDP: "If the field does not exist or is not an address, the operation will be rejected", whatever the others say. */
function allConditions(outcomes: readonly Outcome[]): Outcome {
  for (const outcome of ['invalid', 'unmet', 'undecidable'] as const) {
    if (outcomes.includes(outcome)) return outcome;
  }
  return 'met';
}

function testField(
  root: TypedValue,
  path: readonly PathStep[],
  test: ValueTest,
  context: EvaluationContext,
): Outcome {
  let value: TypedValue | undefined = root;
  for (const step of path) {
    if (typeof step === 'number') value = value?.kind === 'array' ? value.items[step] : undefined;
    else value = value?.kind === 'struct' ? value.fields.get(step) : undefined;
  }
  const result = value === undefined ? 'ill-typed' : test(value, context);
  return result === 'ill-typed' ? 'invalid' : outcomeOf(result);
}

/** "to[0].wallet" is to, 0, wallet; the schema has checked its form. */
function parsePath(text: string): PathStep[] {
  return Array.from(text.matchAll(/([^.[\]]+)|\[([0-9]+)\]/g), ([, name, index]) => name ?? Number(index));
}

function compileCondition(condition: TypedDataCondition, budget: PatternBudget): FieldTest {
  return { path: parsePath(condition.path), test: compileValueTest(condition, budget) };
}

function compileValueTest(condition: TypedDataCondition, budget: PatternBudget): ValueTest {
  if ('match' in condition) {
    const program = compilePattern(condition.match, budget);
    return (value, context) =>
      value.kind === 'string' ? searchPattern(program, value.value, context) : 'ill-typed';
  }
  if ('addresses' in condition) {
    const entries = evmAddressSet(condition.addresses);
    return (value) =>
      value.kind === 'address' ? isMember(entries, condition.operator, bytesKey(value.value)) : 'ill-typed';
  }
  const limit = BigInt(condition.value);
  return (value) =>
    value.kind === 'integer' ? compare(value.value, condition.operator, limit) : 'ill-typed';
}
