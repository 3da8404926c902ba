import type { EvmDataCriterion, ParameterCondition } from '@strongroom/shared/api/policy-evm';
import { type AbiFunction, type AbiParameter, parseAbi } from '../../evm/abi.ts';
import { type AbiValue, type DecodedCall, decodeCalldata } from '../../evm/calldata.ts';
import { EvmError } from '../../evm/evm-error.ts';
import { toHex } from '../../evm/hex.ts';
import { TOKEN_ABIS } from '../../evm/token-abis.ts';
import { type CompiledCriterion, type EvaluationContext, outcomeOf } from '../criterion.ts';
import { compileParameterTest, type ParameterTest, type ParameterValue } from '../parameter-test.ts';
import { PolicyError } from '../policy-error.ts';

interface ArgumentTest {
  readonly position: number;
  readonly test: ParameterTest;
}

/** A function that some condition names, with the tests of all that name it. */
interface ListedFunction {
  readonly function: AbiFunction;
  /** Name and canonical types: two functions of one signature decode alike. */
  readonly signature: string;
  readonly tests: readonly ArgumentTest[];
}

/**
 * The call's data under an ABI. Met when the conditions name the called function and all those that do hold; unmet when no
 * condition names it; undecidable when one does and the data is not a canonical encoding of its parameters.
 * @throws INVALID_POLICY when the ABI is not well formed, or a condition names what it does not have
 */
export function compileEvmData({ abi, conditions }: EvmDataCriterion): CompiledCriterion {
  const functions = typeof abi === 'string' ? TOKEN_ABIS[abi] : readAbi(abi);
  const listed = new Map<string, ListedFunction>();
  for (const condition of conditions) {
    const named = functions.filter((candidate) => isNamed(candidate, condition.function));
    const applicable = named.flatMap((candidate) => {
      const tests = compileParams(candidate, condition.params ?? []);
      return tests === null ? [] : [{ function: candidate, tests }];
    });
    if (applicable.length === 0) {
      throw new PolicyError('A condition names a function or parameter that the ABI does not have.');
    }
    for (const { function: called, tests } of applicable) {
      const earlier = listed.get(called.selector)?.tests ?? [];
      const entry = { function: called, signature: signatureOf(called), tests: [...earlier, ...tests] };
      listed.set(called.selector, entry);
    }
  }
  return {
    subject: 'call',
    test: ({ data }, context) => {
      const called = data.length < 4 ? undefined : listed.get(toHex(data.subarray(0, 4)));
      if (called === undefined) return 'unmet';
      const call = decodeOnce(called, data, context);
      if (call === 'undecidable') return call;
      return outcomeOf(
        called.tests.every(({ position, test }) => holds(test, call.arguments[position]?.value)),
      );
    },
  };
}

function readAbi(abi: unknown): readonly AbiFunction[] {
  try {
    return parseAbi(abi);
  } catch (error) {
    if (error instanceof EvmError) throw new PolicyError('The ABI is not well formed.');
    throw error;
  }
}

/** By name, which may stand for several overloads, or by signature: "transfer(address,uint256)". */
function isNamed(candidate: AbiFunction, text: string): boolean {
  return text === candidate.name || text === signatureOf(candidate);
}

/** Returns null when the function, perhaps another overload, lacks one of the parameters. */
function compileParams(
  { inputs }: AbiFunction,
  conditions: readonly ParameterCondition[],
): ArgumentTest[] | null {
  const tests: ArgumentTest[] = [];
  for (const condition of conditions) {
    const position = findInput(inputs, condition.name);
    const kind = inputs[position]?.type.shape.kind;
    if (kind === undefined) return null;
    if (kind === 'array' || kind === 'tuple') {
      throw new PolicyError('A condition is on a parameter that is an array or a tuple.');
    }
    tests.push({ position, test: compileParameterTest(condition, kind) });
  }
  return tests;
}

/** By name, by name without a leading underscore (the spelling of the EIPs), or by position; -1 when there is none. */
function findInput(inputs: readonly AbiParameter[], name: string): number {
  for (const candidate of [name, name.replace(/^_/, '')]) {
    const positions = inputs.flatMap((input, position) => (input.name === candidate ? [position] : []));
    if (positions.length > 1) throw new PolicyError('A condition names a parameter that occurs twice.');
    if (positions.length === 1) return positions[0] as number;
  }
  return /^(?:0|[1-9][0-9]?)$/.test(name) && Number(name) < inputs.length ? Number(name) : -1;
}

function signatureOf({ name, inputs }: AbiFunction): string {
  return `${name}(${inputs.map(({ type }) => type.text).join(',')})`;
}

function decodeOnce(
  listed: ListedFunction,
  data: Uint8Array,
  { decodedCalls }: EvaluationContext,
): DecodedCall | 'undecidable' {
  const known = decodedCalls.get(listed.signature);
  if (known !== undefined) return known;
  const decoded = decodeOrUndecidable(listed.function, data);
  decodedCalls.set(listed.signature, decoded);
  return decoded;
}

function decodeOrUndecidable(called: AbiFunction, data: Uint8Array): DecodedCall | 'undecidable' {
  try {
    return decodeCalldata([called], data) ?? 'undecidable';
  } catch (error) {
    if (error instanceof EvmError) return 'undecidable';
    throw error;
  }
}

function holds(test: ParameterTest, value: AbiValue | undefined): boolean {
  return value !== undefined && isPrimitive(value) && test(value);
}

function isPrimitive(value: AbiValue): value is Extract<AbiValue, ParameterValue> {
  return value.kind !== 'array' && value.kind !== 'tuple';
}
