import * as v from 'valibot';
import { accountCommandErrors, evaluateRequest } from './account-command.ts';
import { defineOperation } from './operation.ts';

/**
 * Refuses the preparation of a user operation that policies forbid; signs nothing. Without `account` no owner's key is in the enclave, and the
 * project's policy alone decides.
 */
export const judgeUserOperation = defineOperation({
  name: 'judge-user-operation',
  request: evaluateRequest,
  response: v.strictObject({}),
  errors: accountCommandErrors,
  mode: 'repeatable',
});
