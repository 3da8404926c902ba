import { defineOperation } from './operation.ts';
import {
  sendUserOperationErrors,
  sendUserOperationRequest,
  sentUserOperationResponse,
} from './user-operation-fields.ts';

/** Has a smart account approve a spend permission, by a user operation that is put before the policies and signed once. */
export const createSpendPermission = defineOperation({
  name: 'create-spend-permission',
  request: sendUserOperationRequest,
  response: sentUserOperationResponse,
  errors: sendUserOperationErrors,
  mode: 'once',
});
