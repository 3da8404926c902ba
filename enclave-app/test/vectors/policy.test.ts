import { readFileSync } from 'node:fs';
import { type PolicyRule, policyCreateBody } from '@strongroom/shared/api/policy';
import { toJsonValue } from '@strongroom/shared/json/json-value';
import { parseJson } from '@strongroom/shared/json/parse-json';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseHex } from '../../src/evm/hex.ts';
import { decodeUnsignedTransaction } from '../../src/evm/transaction.ts';
import { parseTypedData } from '../../src/evm/typed-data.ts';
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile-policy.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import type { RequestUnit } from '../../src/policy/request-unit.ts';
import { decodeWireTransaction } from '../../src/solana/wire-transaction.ts';

type PolicyName = 'project' | 'account';
interface VerdictCase {
  name: string;
  policies: Partial<Record<PolicyName, unknown>>;
  request: { operation: string; transaction: string; network: string; message: string; typedData: unknown };
  expected: { kind: string; reason: string; policy?: PolicyName };
}
interface DocumentCase {
  name: string;
  body: unknown;
  code: 'SCHEMA' | 'INVALID_POLICY';
  message?: string;
}

const directory = new URL('../../../vectors/policy/', import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, directory), 'utf8'));
const verdicts: VerdictCase[] = read('valid/verdicts.json');
const documents: DocumentCase[] = read('invalid/documents.json');

/** As the service reads a body: through its own JSON parser. */
const asReceived = (value: unknown) => toJsonValue(parseJson(Buffer.from(JSON.stringify(value))));

function compile(name: PolicyName, rules: unknown): CompiledPolicy | null {
  if (rules === undefined) return null;
  const body = v.parse(policyCreateBody, asReceived({ scope: name, rules }));
  return compilePolicy(name, body.rules);
}

function unitOf({
  operation,
  transaction,
  network,
  message,
  typedData,
}: VerdictCase['request']): RequestUnit {
  switch (operation) {
    case 'signEvmTransaction':
      return { operation, call: decodeUnsignedTransaction(parseHex(transaction)) };
    case 'sendEvmTransaction':
      return { operation, network, call: decodeUnsignedTransaction(parseHex(transaction)) };
    case 'signEvmMessage':
    case 'signSolMessage':
      return { operation, message };
    case 'signEvmTypedData':
      return { operation, typedData: parseTypedData(asReceived(typedData)) };
    case 'signEvmHash':
      return { operation };
    case 'signSolTransaction':
      return { operation, transaction: decodeWireTransaction(Buffer.from(transaction, 'base64')).message };
    case 'sendSolTransaction': {
      const { message: decoded } = decodeWireTransaction(Buffer.from(transaction, 'base64'));
      return { operation, network, transaction: decoded };
    }
    default:
      throw new Error(`no such operation in the vectors: ${operation}`);
  }
}

describe('verdicts', () => {
  it('has cases', () => {
    expect(verdicts.length).toBeGreaterThan(100);
  });

  it.each(verdicts)('$name', ({ policies, request, expected }) => {
    const project = compile('project', policies.project);
    const account = compile('account', policies.account);
    const { policy, ...rest } = expected;
    const verdict = policy === undefined ? rest : { ...rest, policyId: policy };
    expect(evaluate({ project, account }, unitOf(request))).toEqual(verdict);
  });
});

describe('refused policies', () => {
  it.each(documents)('$name', ({ body, code, message }) => {
    const result = v.safeParse(policyCreateBody, asReceived(body));
    expect(result.success).toBe(code === 'INVALID_POLICY');
    if (result.success) {
      const { rules }: { rules: PolicyRule[] } = result.output;
      expect(() => compilePolicy('id', rules)).toThrow(
        expect.objectContaining({ code, position: { ruleIndex: 0, criterionIndex: 0 } }),
      );
    } else if (message !== undefined) {
      expect(result.issues.map((issue) => issue.message).join('\n')).toContain(message);
    }
  });
});
