/** `operator: {key: values}`; all conditions of a statement must hold. */
export interface PolicyCondition {
  readonly operator: string;
  /** Lower case: names of condition keys are not case-sensitive. */
  readonly key: string;
  readonly values: readonly string[];
}

/** Condition keys of one request, names in lower case; a key that is not there is absent, not empty. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

type Matcher = (actual: string, expected: string) => boolean;

const POSITIVE: Readonly<Record<string, Matcher>> = {
  StringEquals: (actual, expected) => actual === expected,
  StringEqualsIgnoreCase: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  StringLike: matchesPattern,
  ArnEquals: matchesPattern,
  ArnLike: matchesPattern,
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
};
const NEGATED: Readonly<Record<string, Matcher>> = {
  StringNotEquals: (actual, expected) => actual === expected,
  StringNotEqualsIgnoreCase: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  StringNotLike: matchesPattern,
  ArnNotEquals: matchesPattern,
  ArnNotLike: matchesPattern,
};

const NAMES = [...Object.keys(POSITIVE), ...Object.keys(NEGATED)].join('|');
/** Operators that can be evaluated: optional set prefix, name, optional IfExists; and Null. */
export const CONDITION_OPERATOR = new RegExp(
  `^(?:(?:(ForAnyValue|ForAllValues):)?(${NAMES})(IfExists)?|Null)$`,
);

/**
 * Evaluates one condition as IAM does. For an absent key: a negated operator matches, a positive one does not, `...IfExists` and
 * `ForAllValues` match, `ForAnyValue` does not. A negated operator matches when the value equals none of those listed.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function matchesCondition(
  { operator, key, values }: PolicyCondition,
  context: RequestContext,
): boolean {
  const actual = context.get(key);
  if (operator === 'Null') return values.includes(String(actual === undefined));
  const [, set, name = '', ifExists] = CONDITION_OPERATOR.exec(operator) ?? [];
  const positive = POSITIVE[name];
  const matches = positive ?? NEGATED[name];
  if (!matches) throw new RangeError('operator passed the parser without an evaluation');
  const holds = (value: string): boolean =>
    values.some((expected) => matches(value, expected)) === (positive !== undefined);
  if (set === 'ForAllValues') return (actual ?? []).every(holds);
  if (actual === undefined) return ifExists !== undefined || (set === undefined && positive === undefined);
  return set === 'ForAnyValue' ? actual.some(holds) : actual.every(holds);
}

/** Matches `*` (any text) and `?` (one character), case-sensitive. */
export function matchesPattern(actual: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(actual);
}
