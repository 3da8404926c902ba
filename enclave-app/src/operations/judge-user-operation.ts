import { prepareUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { judgeUserOperation } from '@strongroom/shared/operations/judge-user-operation';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { parseUnsignedRequest } from '../auth/authorize.ts';
import { evaluateEvery } from '../policy/evaluate.ts';
import type { ReadyService } from '../ready-service.ts';
import { readPrepareBody, unitsOf } from './complete-user-operation.ts';
import { applicablePolicies } from './decide.ts';
import { parseBody } from './parse-body.ts';

type Judge = typeof judgeUserOperation;

/** An early answer: a preparation carries no wallet token, so what counts is the verdict when the operation is signed. */
export function handleJudgeUserOperation(
  { client, project: rows, account, policies: untrustedDocuments }: ParsedRequestOf<Judge>,
  service: ReadyService,
): ResponseOf<Judge> {
  const { project, body } = parseUnsignedRequest('judge-user-operation', { client, rows }, service);
  const units = unitsOf(readPrepareBody(parseBody(prepareUserOperationBody, body)));
  const record =
    account === null ? null : service.accounts.open(project, account.address, account.account).record;
  const policies = applicablePolicies({ project, account: record, untrustedDocuments }, service);
  // Where the key is elsewhere, the enclave will not be asked again.
  const judged =
    record === null ? units : units.filter(({ operation }) => operation === 'prepareUserOperation');
  if (evaluateEvery(judged.map((unit) => ({ policies, unit }))).kind === 'reject')
    throw new OperationError('POLICY_VIOLATION');
  return {};
}
