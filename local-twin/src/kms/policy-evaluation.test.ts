import { describe, expect, it } from 'vitest';
import type { RequestContext } from './policy-conditions.ts';
import { parsePolicy } from './policy-document.ts';
import { evaluatePolicy } from './policy-evaluation.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000001';
const ROLE = 'arn:aws:iam::111122223333:role/parent';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/parent/session';
const principal = { arn: ROLE, sessionArn: SESSION, accountId: '111122223333' };

interface Case {
  readonly action?: string;
  readonly context?: Record<string, string | string[]>;
}

function verdict(statements: object[], { action = 'kms:Decrypt', context = {} }: Case = {}) {
  const parsed = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  const entries = Object.entries(context).map(([key, value]) => [key.toLowerCase(), [value].flat()] as const);
  const requestContext: RequestContext = new Map(entries);
  return evaluatePolicy(parsed, { principal, action, keyArn: KEY, context: requestContext });
}

const allow = (change: object = {}) => ({
  Effect: 'Allow',
  Principal: { AWS: ROLE },
  Action: 'kms:Decrypt',
  Resource: '*',
  ...change,
});
const deny = (change: object = {}) => ({ ...allow(change), Effect: 'Deny' });

describe('statements', () => {
  const cases: readonly [string, object[], string][] = [
    ['none', [], 'implicit-deny'],
    ['allow for the role', [allow()], 'allowed'],
    ['deny wins in any order', [deny(), allow()], 'explicit-deny'],
    ['allow for the session', [allow({ Principal: { AWS: [SESSION] } })], 'allowed'],
    ['allow for the account', [allow({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } })], 'allowed'],
    ['allow for the account by number', [allow({ Principal: { AWS: '111122223333' } })], 'allowed'],
    ['allow for everybody', [allow({ Principal: '*' })], 'allowed'],
    ['allow for another role', [allow({ Principal: { AWS: `${ROLE}2` } })], 'implicit-deny'],
    [
      'a wildcard inside an ARN names nobody',
      [allow({ Principal: { AWS: 'arn:aws:iam::111122223333:role/*' } })],
      'implicit-deny',
    ],
    [
      'allow for another account',
      [allow({ Principal: { AWS: 'arn:aws:iam::444455556666:root' } })],
      'implicit-deny',
    ],
    ['allow for a service', [allow({ Principal: { Service: 'ec2.amazonaws.com' } })], 'implicit-deny'],
    ['NotPrincipal', [allow({ Principal: undefined, NotPrincipal: { AWS: ROLE } })], 'implicit-deny'],
    ['action by wildcard', [allow({ Action: ['kms:Gen*', 'kms:D?crypt'] })], 'allowed'],
    ['action in another case', [allow({ Action: 'KMS:decrypt' })], 'allowed'],
    ['another action', [allow({ Action: 'kms:DecryptX' })], 'implicit-deny'],
    ['NotAction', [allow({ Action: undefined, NotAction: 'kms:Encrypt' })], 'allowed'],
    ['resource by ARN', [allow({ Resource: KEY })], 'allowed'],
    ['resource by pattern', [allow({ Resource: 'arn:aws:kms:us-east-?:*:key/*' })], 'allowed'],
    ['another resource', [allow({ Resource: `${KEY}0` })], 'implicit-deny'],
    ['NotResource', [allow({ Resource: undefined, NotResource: KEY })], 'implicit-deny'],
  ];
  it.each(cases)('%s', (_, statements, expected) => {
    expect(verdict(statements)).toBe(expected);
  });
});

describe('conditions', () => {
  const KEY_NAME = 'kms:RecipientAttestation:PCR0';
  const when = (operator: string, values: unknown, key = KEY_NAME) => [
    allow({ Condition: { [operator]: { [key]: values } } }),
  ];
  const holds = (operator: string, values: unknown, actual?: string | string[], key = KEY_NAME) =>
    verdict(when(operator, values, key), actual === undefined ? {} : { context: { [key]: actual } }) ===
    'allowed';

  const cases: readonly [
    operator: string,
    values: unknown,
    actual: string | string[] | undefined,
    expected: boolean,
  ][] = [
    ['StringEquals', 'ab', 'ab', true],
    ['StringEquals', 'AB', 'ab', false],
    ['StringEquals', ['x', 'ab'], 'ab', true],
    ['StringEquals', 'ab', undefined, false],
    ['StringEqualsIgnoreCase', 'AB', 'ab', true],
    ['StringEqualsIgnoreCase', 'AB', 'ac', false],
    ['StringEqualsIgnoreCase', 'AB', undefined, false],
    ['StringNotEquals', 'ab', 'ab', false],
    ['StringNotEquals', 'ab', 'AB', true],
    ['StringNotEquals', ['x', 'ab'], 'ab', false],
    ['StringNotEquals', ['x', 'y'], 'ab', true],
    ['StringNotEquals', 'ab', undefined, true],
    ['StringNotEqualsIgnoreCase', 'AB', 'ab', false],
    ['StringNotEqualsIgnoreCase', ['AB', 'CD'], 'cd', false],
    ['StringNotEqualsIgnoreCase', 'AB', 'ac', true],
    ['StringNotEqualsIgnoreCase', 'AB', undefined, true],
    ['StringLike', 'a*c?', 'abbbcd', true],
    ['StringLike', 'a*c?', 'abbbc', false],
    ['StringLike', 'a.c', 'abc', false],
    ['StringLike', '*', undefined, false],
    ['StringNotLike', 'a*', 'abc', false],
    ['StringNotLike', 'a*', undefined, true],
    ['ArnLike', 'arn:aws:iam::*:role/x', 'arn:aws:iam::1:role/x', true],
    ['ArnNotEquals', 'arn:aws:iam::1:role/x', 'arn:aws:iam::1:role/x', false],
    ['Bool', 'true', 'true', true],
    ['Bool', true, 'true', true],
    ['Bool', 'false', 'true', false],
    ['Bool', 'false', undefined, false],
    ['Null', 'true', undefined, true],
    ['Null', 'true', 'ab', false],
    ['Null', 'false', 'ab', true],
    ['Null', false, undefined, false],
    ['StringEqualsIfExists', 'ab', undefined, true],
    ['StringEqualsIfExists', 'ab', 'x', false],
    ['BoolIfExists', 'true', undefined, true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['x', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['x', 'y'], false],
    ['ForAnyValue:StringEquals', 'a', undefined, false],
    ['ForAnyValue:StringNotEquals', 'a', ['a', 'b'], true],
    ['ForAnyValue:StringNotEquals', 'a', undefined, false],
    ['ForAllValues:StringEquals', ['a', 'b'], ['b', 'a'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'x'], false],
    ['ForAllValues:StringEquals', 'a', undefined, true],
    ['ForAllValues:StringNotEquals', 'a', ['b', 'a'], false],
    ['ForAllValues:StringLike', 'a*', ['ab', 'ac'], true],
  ];
  it.each(cases)('%s %j against %j: %s', (operator, values, actual, expected) => {
    expect(holds(operator, values, actual)).toBe(expected);
  });

  it('compare names of keys without case', () => {
    expect(holds('StringEquals', 'v', 'v', 'KMS:encryptioncontext:Deployment')).toBe(true);
  });

  it('must all hold', () => {
    const both = [
      allow({
        Condition: {
          StringEquals: { 'kms:RecipientAttestation:PCR0': 'a', 'kms:RecipientAttestation:PCR1': 'b' },
        },
      }),
    ];
    expect(
      verdict(both, {
        context: { 'kms:RecipientAttestation:PCR0': 'a', 'kms:RecipientAttestation:PCR1': 'b' },
      }),
    ).toBe('allowed');
    expect(verdict(both, { context: { 'kms:RecipientAttestation:PCR0': 'a' } })).toBe('implicit-deny');
  });

  it('deny an image that is not listed, and a request without attestation', () => {
    const policy = [
      allow(),
      deny({ Condition: { StringNotEqualsIgnoreCase: { [KEY_NAME]: ['aa', 'bb'] } } }),
    ];
    expect(verdict(policy, { context: { [KEY_NAME]: 'BB' } })).toBe('allowed');
    expect(verdict(policy, { context: { [KEY_NAME]: 'cc' } })).toBe('explicit-deny');
    expect(verdict(policy)).toBe('explicit-deny');
  });
});

describe('documents refused', () => {
  const cases: Record<string, string> = {
    'no JSON': '{',
    'an array': '[]',
    'no version': JSON.stringify({ Statement: [allow()] }),
    'an unknown version': JSON.stringify({ Version: '2030-01-01', Statement: [allow()] }),
    'an unknown field': JSON.stringify({ Version: '2012-10-17', Statement: [allow()], Extra: 1 }),
    'too long': `${' '.repeat(32_768)}{}`,
    ...Object.fromEntries(
      Object.entries({
        'no statement': undefined,
        'an unknown effect': allow({ Effect: 'Permit' }),
        'no principal': allow({ Principal: undefined }),
        'a bare principal': allow({ Principal: ROLE }),
        'an unknown kind of principal': allow({ Principal: { GCP: 'x' } }),
        'no action': allow({ Action: undefined }),
        'no actions': allow({ Action: [] }),
        'action and NotAction': allow({ NotAction: 'kms:Encrypt' }),
        'an action that is no text': allow({ Action: [1] }),
        'an unknown statement field': allow({ When: 'now' }),
        'an operator that is not evaluated': allow({
          Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
        }),
        'Null with a set': allow({ Condition: { 'ForAnyValue:Null': { a: 'true' } } }),
        'an operator of Object.prototype': allow({ Condition: { constructor: { a: 'b' } } }),
        'a policy variable': allow({
          Condition: { StringEquals: { 'aws:PrincipalArn': '$'.concat('{aws:username}') } },
        }),
      }).map(([name, statement]) => [name, JSON.stringify({ Version: '2012-10-17', Statement: statement })]),
    ),
  };
  it.each(Object.entries(cases))('%s', (_, policy) => {
    expect(() => parsePolicy(policy)).toThrow(
      expect.objectContaining({ type: 'MalformedPolicyDocumentException' }),
    );
  });
});
