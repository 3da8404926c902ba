import * as v from 'valibot';
import { accountCommandErrors, signRequest, signResponse } from './account-command.ts';
import { bytesOf, bytesUpTo } from './fields.ts';
import { defineOperation } from './operation.ts';
import { smartAccountOwners, userOperationProposal } from './user-operation-fields.ts';

/** The user operation that the hash is of, so that the enclave can make the hash itself and judge the calls. */
const userOperation = v.strictObject({
  sender: bytesOf(20),
  owners: smartAccountOwners,
  /** JSON as of the body that prepared it. */
  body: bytesUpTo(1_000_000),
  proposal: userOperationProposal,
});

/** Signs a 32-byte digest as given. */
export const signEvmHash = defineOperation({
  name: 'sign-evm-hash',
  request: v.strictObject({ ...signRequest.entries, userOperation: v.optional(userOperation) }),
  response: signResponse,
  errors: [...accountCommandErrors, 'PROPOSAL_REFUSED'],
  mode: 'repeatable',
});

export type PresentedUserOperation = v.InferOutput<typeof userOperation>;
