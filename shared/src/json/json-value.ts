import type { JsonNode } from './parse-json.ts';

/** A number that a double might not hold exactly: the text as sent. */
export class JsonNumber {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** Objects have no prototype, so that every key, `__proto__` included, is plain data. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
export type JsonValue = null | boolean | string | number | JsonNumber | readonly JsonValue[] | JsonObject;

const plainInteger = /^-?[0-9]{1,16}$/;
const decimal = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;
/** More digits than any integer type of the EVM; bounds the work that an exponent can ask for. */
const MAX_INTEGER_DIGITS = 80;

/**
 * Converts a parsed JSON text to plain values for schema validation.
 * A number is a `number` only when written as a safe integer in plain digits; any other keeps its text in a `JsonNumber`.
 */
export function toJsonValue(node: JsonNode): JsonValue {
  switch (node.kind) {
    case 'string':
      return node.value;
    case 'number':
      return toNumber(node.source);
    case 'literal':
      return node.source === 'null' ? null : node.source === 'true';
    case 'array':
      return node.items.map(toJsonValue);
    case 'object': {
      const object: Record<string, JsonValue> = Object.create(null);
      for (const { key, value } of node.members) object[key] = toJsonValue(value);
      return object;
    }
  }
}

function toNumber(source: string): number | JsonNumber {
  if (plainInteger.test(source)) {
    const number = Number(source);
    if (Number.isSafeInteger(number)) return number + 0;
  }
  return new JsonNumber(source);
}

/**
 * Reads a number text as the integer that its decimal notation denotes ("1e+21", "1.0", "-0" included).
 * Returns null for a fraction, for more than 80 digits, and for a text beyond 2^53 that a JavaScript client prints for
 * another integer: 1152921504606847000 is what JSON.stringify writes for the double 1152921504606846976, so nobody
 * can tell which of the two was meant.
 */
export function integerFromNumberText(source: string): bigint | null {
  const match = decimal.exec(source);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return 0n;
  const shift = Number(exponentText) - fraction.length;
  if (digits.length + shift > MAX_INTEGER_DIGITS) return null;
  const kept = shift < 0 ? digits.slice(0, shift) : digits + '0'.repeat(shift);
  if (kept === '' || (shift < 0 && /[1-9]/.test(digits.slice(shift)))) return null;
  const integer = BigInt(sign + kept);
  return isAmbiguous(source, integer) ? null : integer;
}

function isAmbiguous(source: string, integer: bigint): boolean {
  const double = Number(source);
  return JSON.stringify(double) === source && BigInt(double) !== integer;
}
