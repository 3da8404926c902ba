import * as v from 'valibot';
import { accountCommandErrors, signRequest } from './account-command.ts';
import { bytesOf, uint } from './fields.ts';
import { defineOperation } from './operation.ts';
import { sentTransactionResponse } from './sent-transaction.ts';

const proposal = v.strictObject({
  nonce: uint,
  gasLimit: uint,
  /** Wei per gas. */
  maxFeePerGas: uint,
  /** Wei per gas. */
  maxPriorityFeePerGas: uint,
  /** The account's next nonce in the delegate's own NonceTracker. */
  trackerNonce: uint,
  /** What the account's ERC-1967 slot holds now; zeros before its first delegation. */
  currentImplementation: bytesOf(20),
});

/** Has an account delegate to the wallet of the image (EIP-7702) and set it up, in one transaction of its own. */
export const delegateEvmAccount = defineOperation({
  name: 'delegate-evm-account',
  request: v.strictObject({ ...signRequest.entries, proposal }),
  response: sentTransactionResponse,
  errors: [...accountCommandErrors, 'PROPOSAL_REFUSED'],
  mode: 'once',
});

export type DelegationProposal = v.InferOutput<typeof proposal>;
