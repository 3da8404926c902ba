import * as v from 'valibot';
import { accountCommandErrors, signRequest } from './account-command.ts';
import { uint } from './fields.ts';
import { defineOperation } from './operation.ts';
import { sentTransactionResponse } from './sent-transaction.ts';

/** What the relay puts into the fields that the client left empty; null, and only null, where the client left none. */
const proposal = v.strictObject({
  nonce: v.nullable(uint),
  gasLimit: v.nullable(uint),
  /** Wei per gas. */
  maxFeePerGas: v.nullable(uint),
  /** Wei per gas. */
  maxPriorityFeePerGas: v.nullable(uint),
});

/** Completes an EIP-1559 transaction, puts it before the policies, and signs it once. */
export const sendEvmTransaction = defineOperation({
  name: 'send-evm-transaction',
  request: v.strictObject({ ...signRequest.entries, proposal }),
  response: sentTransactionResponse,
  errors: [...accountCommandErrors, 'PROPOSAL_REFUSED'],
  mode: 'once',
});

export type EvmProposal = v.InferOutput<typeof proposal>;
