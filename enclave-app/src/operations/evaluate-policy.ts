import { evaluatePolicyBody } from '@strongroom/shared/api/evaluate-body';
import { signMessageBody, signTransactionBody } from '@strongroom/shared/api/evm-sign-body';
import { sendEvmTransactionBody, sendSolanaTransactionBody } from '@strongroom/shared/api/send-body';
import { prepareUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import { signSolanaTransactionBody } from '@strongroom/shared/api/solana-sign-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import type { evaluatePolicy } from '@strongroom/shared/operations/evaluate-policy';
import type { ParsedRequestOf } from '@strongroom/shared/operations/operation';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import { parseUnsignedRequest } from '../auth/authorize.ts';
import { parseHex } from '../evm/hex.ts';
import { decodeUnsignedTransaction } from '../evm/transaction.ts';
import { parseTypedData } from '../evm/typed-data.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import { type ApplicablePolicies, evaluateEvery, evaluateHash } from '../policy/evaluate.ts';
import { PolicyError } from '../policy/policy-error.ts';
import type { RequestUnit } from '../policy/request-unit.ts';
import type { ReadyService } from '../ready-service.ts';
import { decodeWireTransaction } from '../solana/wire-transaction.ts';
import { jsonAnswer } from './account-answer.ts';
import { decodeBase64Transaction } from './base64-transaction.ts';
import { readPrepareBody, unitsOf } from './complete-user-operation.ts';
import { applicablePolicies } from './decide.ts';
import { parseBody } from './parse-body.ts';

const NO_POLICY = '00000000-0000-0000-0000-000000000000';

/** A dry run for people who write policies: rules of their own, or those in force for an account, on one request. Signs nothing. */
export function handleEvaluatePolicy(
  { client, project: rows, account, policies: untrustedDocuments }: ParsedRequestOf<typeof evaluatePolicy>,
  service: ReadyService,
): HttpAnswer {
  const { project, body } = parseUnsignedRequest('evaluate-policy', { client, rows }, service);
  const { operation, request, rules } = parseBody(evaluatePolicyBody, body);
  const units = readUnits(operation, request as JsonValue);
  if (rules !== undefined) return verdictAnswer({ project: null, account: compileRules(rules) }, units);
  if (account === null)
    throw new OperationError('NOT_FOUND', { clientMessage: 'The account was not found.' });
  const { record } = service.accounts.open(project, account.address, account.account);
  return verdictAnswer(applicablePolicies({ project, account: record, untrustedDocuments }, service), units);
}

function compileRules(rules: Parameters<typeof compilePolicy>[1]) {
  try {
    return compilePolicy(NO_POLICY, rules);
  } catch (cause) {
    if (cause instanceof PolicyError)
      throw new OperationError('INVALID_REQUEST', { cause, clientMessage: cause.message });
    throw cause;
  }
}

function verdictAnswer(policies: ApplicablePolicies, units: readonly RequestUnit[]): HttpAnswer {
  const isHash = units.some(({ operation }) => operation === 'signEvmHash');
  const { kind, ...verdict } = isHash
    ? evaluateHash(policies, null)
    : evaluateEvery(units.map((unit) => ({ policies, unit })));
  return jsonAnswer(200, { verdict: kind, ...verdict });
}

/** The request is the body that the operation itself would get; of a user operation each call is judged. */
function readUnits(operation: RequestUnit['operation'], body: JsonValue): readonly RequestUnit[] {
  switch (operation) {
    case 'signEvmHash':
      return [{ operation }];
    case 'signEvmMessage':
    case 'signSolMessage':
      return [{ operation, message: parseBody(signMessageBody, body).message }];
    case 'signEvmTypedData':
      return [{ operation, typedData: parseTypedData(body) }];
    case 'signEvmTransaction':
      return [{ operation, call: callOf(parseBody(signTransactionBody, body)) }];
    case 'sendEvmTransaction': {
      const { network, ...signed } = parseBody(sendEvmTransactionBody, body);
      return [{ operation, call: callOf(signed), network }];
    }
    case 'prepareUserOperation':
    case 'sendUserOperation':
      return unitsOf(readPrepareBody(parseBody(prepareUserOperationBody, body))).filter(
        (unit) => unit.operation === operation,
      );
    case 'signSolTransaction':
      return [{ operation, transaction: messageOf(parseBody(signSolanaTransactionBody, body)) }];
    case 'sendSolTransaction': {
      const { network, ...signed } = parseBody(sendSolanaTransactionBody, body);
      return [{ operation, transaction: messageOf(signed), network }];
    }
  }
}

function callOf({ transaction }: { readonly transaction: string }) {
  return decodeUnsignedTransaction(parseHex(transaction));
}

function messageOf({ transaction }: { readonly transaction: string }) {
  return decodeWireTransaction(decodeBase64Transaction(transaction)).message;
}
