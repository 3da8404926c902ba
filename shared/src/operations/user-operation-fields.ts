import * as v from 'valibot';
import { accountCommandErrors, policyDocuments } from './account-command.ts';
import { accountRows, bytesOf, bytesUpTo, clientRequest, httpAnswer, projectRows, uint } from './fields.ts';

/** Owners of a smart account, 20 bytes each, in the order that its address is made of. */
export const smartAccountOwners = v.pipe(v.array(bytesOf(20)), v.minLength(1), v.maxLength(2));

/** What the relay proposes for a user operation: everything that does not follow from owners, calls and network. */
export const userOperationProposal = v.strictObject({
  /** Under key 0. */
  nonce: uint,
  /** Whether the account is on the chain; if not, the enclave puts in what deploys it. */
  isDeployed: v.boolean(),
  /** Null, and only null, where every call has a limit of its own. */
  callGasLimit: v.nullable(uint),
  verificationGasLimit: uint,
  preVerificationGas: uint,
  /** Wei per gas. */
  maxFeePerGas: uint,
  /** Wei per gas. */
  maxPriorityFeePerGas: uint,
  /** Null, and only null, where the client named no paymaster. */
  paymasterAndData: v.nullable(bytesUpTo(16_384)),
});

/** An owner of the smart account in the path is to sign an operation of it. */
export const sendUserOperationRequest = v.strictObject({
  client: clientRequest,
  project: projectRows,
  owners: smartAccountOwners,
  /** Which of them signs. */
  ownerIndex: v.picklist([0, 1]),
  /** The rows of that owner. */
  rows: accountRows,
  policies: policyDocuments,
  proposal: userOperationProposal,
});

/** The one user operation that a token led to. It has to be durable before `answer` is sent and before any bundler gets to see it. */
export const sentUserOperationResponse = v.strictObject({
  answer: httpAnswer,
  operation: v.strictObject({
    hash: bytesOf(32),
    /** As the account takes it: which owner, and r || s || v. */
    signature: bytesUpTo(512),
    /** Of the wallet token; no second operation may be stored for it. */
    tokenId: bytesOf(16),
  }),
});

export const sendUserOperationErrors = [...accountCommandErrors, 'PROPOSAL_REFUSED'] as const;

export type UserOperationProposal = v.InferOutput<typeof userOperationProposal>;
