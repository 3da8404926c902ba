import { defineOperation } from './operation.ts';
import {
  sendUserOperationErrors,
  sendUserOperationRequest,
  sentUserOperationResponse,
} from './user-operation-fields.ts';

/** Builds a user operation of the calls that the client signed, puts it before the policies, and signs it once. */
export const prepareAndSendUserOperation = defineOperation({
  name: 'prepare-and-send-user-operation',
  request: sendUserOperationRequest,
  response: sentUserOperationResponse,
  errors: sendUserOperationErrors,
  mode: 'once',
});
