import type { ParameterCondition } from '@strongroom/shared/api/policy-evm';
import { parseAddress } from '../evm/address.ts';
import { parseHex } from '../evm/hex.ts';
import { parseSolanaAddress } from '../solana/address.ts';
import { bytesKey, compare, isMember } from './operators.ts';
import { PolicyError } from './policy-error.ts';

/** A decoded argument of a call or an instruction. */
export type ParameterValue =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'address' | 'pubkey' | 'bytes' | 'fixed-bytes'; readonly value: Uint8Array };

export type ParameterKind = ParameterValue['kind'];
export type ParameterTest = (value: ParameterValue) => boolean;

const integerText = /^(?:-?[0-9]{1,80}|0x[0-9a-fA-F]{1,64})$/;
const floatText = /^-?[0-9]{1,80}(?:\.[0-9]{1,80})?$/;

/**
 * Makes the test that one parameter condition describes.
 * @param kind the parameter's declared type
 * @throws INVALID_POLICY when a value is not one of that type, or the operator orders what has no order
 */
export function compileParameterTest(condition: ParameterCondition, kind: ParameterKind): ParameterTest {
  if ('values' in condition) {
    const entries = new Set(condition.values.map((text) => valueKey(parseValue(text, kind))));
    return (value) => value.kind === kind && isMember(entries, condition.operator, valueKey(value));
  }
  const { operator } = condition;
  const expected = parseValue(condition.value, kind);
  if (expected.kind === 'integer') {
    return (value) => value.kind === 'integer' && compare(value.value, operator, expected.value);
  }
  if (expected.kind === 'float') {
    return (value) => value.kind === 'float' && compare(value.value, operator, expected.value);
  }
  if (operator !== '==') throw new PolicyError('This operator is for numbers only.');
  const key = valueKey(expected);
  return (value) => value.kind === kind && valueKey(value) === key;
}

function parseValue(text: string, kind: ParameterKind): ParameterValue {
  switch (kind) {
    case 'integer':
      if (!integerText.test(text)) throw new PolicyError('A value is not an integer.');
      return { kind, value: BigInt(text) };
    case 'float':
      if (!floatText.test(text)) throw new PolicyError('A value is not a decimal number.');
      return { kind, value: Number(text) };
    case 'bool':
      if (text !== 'true' && text !== 'false') throw new PolicyError('A value is neither true nor false.');
      return { kind, value: text === 'true' };
    case 'string':
      return { kind, value: text };
    case 'address':
      return { kind, value: translate(() => parseAddress(text), 'A value is not an EVM address.') };
    case 'pubkey':
      return { kind, value: translate(() => parseSolanaAddress(text), 'A value is not a Solana address.') };
    case 'bytes':
    case 'fixed-bytes':
      return { kind, value: translate(() => parseHex(text), 'A value is not 0x-prefixed hex.') };
  }
}

function translate<T>(parse: () => T, message: string): T {
  try {
    return parse();
  } catch {
    throw new PolicyError(message);
  }
}

function valueKey({ value }: ParameterValue): string {
  return value instanceof Uint8Array ? bytesKey(value) : String(value);
}
