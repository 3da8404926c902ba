// TRUST BOUNDARY: key policies, from whoever may put one.

import { KmsException } from './kms-exception.ts';
import { CONDITION_OPERATOR, type PolicyCondition } from './policy-conditions.ts';

/** One statement of a key policy, every list in array form. */
export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  /** ARNs, account ids or `*`; null when the statement names none of this kind. */
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** True where the document says NotPrincipal, NotAction, NotResource. */
  readonly inverted: { readonly principal: boolean; readonly action: boolean; readonly resource: boolean };
  readonly conditions: readonly PolicyCondition[];
}

const MAX_POLICY_BYTES = 32_768;
const DOCUMENT_FIELDS = new Set(['Version', 'Id', 'Statement']);
const STATEMENT_FIELDS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/**
 * Parses a key policy (JSON, at most 32 KiB). Policy variables (`${...}`) and operators that the simulator does not
 * evaluate are refused, so that none is ever misjudged.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 * @throws KmsException MalformedPolicyDocumentException
 */
export function parsePolicy(untrustedPolicy: string): readonly PolicyStatement[] {
  if (untrustedPolicy.length > MAX_POLICY_BYTES) throw malformed('The policy is too long.');
  let untrustedDocument: unknown;
  try {
    untrustedDocument = JSON.parse(untrustedPolicy);
  } catch {
    throw malformed('The policy is not JSON.');
  }
  const document = fieldsOf(untrustedDocument, DOCUMENT_FIELDS);
  if (document['Version'] !== '2012-10-17' && document['Version'] !== '2008-10-17')
    throw malformed('Version');
  const statements = Array.isArray(document['Statement']) ? document['Statement'] : [document['Statement']];
  return statements.map(parseStatement);
}

function parseStatement(untrustedStatement: unknown): PolicyStatement {
  const { Effect, ...statement } = fieldsOf(untrustedStatement, STATEMENT_FIELDS);
  if (Effect !== 'Allow' && Effect !== 'Deny') throw malformed('Effect');
  const principal = oneOf(statement, 'Principal', 'NotPrincipal');
  const action = oneOf(statement, 'Action', 'NotAction');
  const resource = oneOf(statement, 'Resource', 'NotResource');
  return {
    effect: Effect,
    principals: parsePrincipal(principal.value),
    actions: strings(action.value),
    resources: strings(resource.value),
    inverted: { principal: principal.inverted, action: action.inverted, resource: resource.inverted },
    conditions: parseConditions(statement['Condition']),
  };
}

/** `"*"` or `{"AWS": ...}`; services and federated users are kept out, as none can call the simulator. */
function parsePrincipal(untrustedPrincipal: unknown): readonly string[] {
  if (untrustedPrincipal === '*') return ['*'];
  const { AWS } = fieldsOf(untrustedPrincipal, new Set(['AWS', 'Service', 'Federated', 'CanonicalUser']));
  return AWS === undefined ? [] : strings(AWS);
}

function parseConditions(untrustedCondition: unknown): readonly PolicyCondition[] {
  if (untrustedCondition === undefined) return [];
  return Object.entries(fieldsOf(untrustedCondition)).flatMap(([operator, byKey]) => {
    if (!CONDITION_OPERATOR.test(operator)) throw malformed(`Condition operator ${operator}`);
    return Object.entries(fieldsOf(byKey)).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values: strings(values),
    }));
  });
}

function oneOf(
  statement: Readonly<Record<string, unknown>>,
  plain: string,
  not: string,
): { value: unknown; inverted: boolean } {
  const inverted = statement[not] !== undefined;
  if (inverted === (statement[plain] !== undefined)) throw malformed(plain);
  return { value: statement[inverted ? not : plain], inverted };
}

function strings(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isText = (item: unknown): item is string => typeof item === 'string' && !item.includes('${');
  const texts = list.map((item) => (typeof item === 'boolean' ? String(item) : item));
  if (texts.length === 0 || !texts.every(isText)) throw malformed('Value');
  return texts;
}

function fieldsOf(value: unknown, allowed?: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('Object expected');
  if (allowed && !Object.keys(value).every((name) => allowed.has(name))) throw malformed('Unknown field');
  return value as Readonly<Record<string, unknown>>;
}

function malformed(detail: string): KmsException {
  return new KmsException('MalformedPolicyDocumentException', `Policy document is malformed: ${detail}`);
}
