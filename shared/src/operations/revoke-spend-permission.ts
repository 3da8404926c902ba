import * as v from 'valibot';
import { bytesUpTo } from './fields.ts';
import { defineOperation } from './operation.ts';
import {
  sendUserOperationErrors,
  sendUserOperationRequest,
  sentUserOperationResponse,
} from './user-operation-fields.ts';

/** Has a smart account revoke a spend permission: the client names it by its hash. */
export const revokeSpendPermission = defineOperation({
  name: 'revoke-spend-permission',
  request: v.strictObject({
    ...sendUserOperationRequest.entries,
    /** JSON of the permission that has the hash. */
    permission: bytesUpTo(65_536),
  }),
  response: sentUserOperationResponse,
  errors: sendUserOperationErrors,
  mode: 'once',
});
