import * as v from 'valibot';
import { accountCommandErrors } from './account-command.ts';
import { accountRows, bytesOf, bytesUpTo, clientRequest, projectRows, textUpTo } from './fields.ts';
import { defineOperation } from './operation.ts';
import { sentTransactionResponse } from './sent-transaction.ts';

/** A packet of 1232 bytes has no room for more signatures. */
export const MAX_SOLANA_SIGNERS = 12;

/** Signs a Solana transaction for those of the project's accounts that it requires, each under its own policies. */
export const sendSolanaTransaction = defineOperation({
  name: 'send-solana-transaction',
  request: v.strictObject({
    client: clientRequest,
    project: projectRows,
    accounts: v.pipe(
      v.array(v.strictObject({ address: textUpTo(44), rows: accountRows })),
      v.maxLength(MAX_SOLANA_SIGNERS),
    ),
    policies: v.optional(v.pipe(v.array(bytesUpTo(262_144)), v.maxLength(MAX_SOLANA_SIGNERS + 1)), []),
    proposal: v.strictObject({
      /** For a transaction that has none; null, and only null, for one that has. */
      blockhash: v.nullable(bytesOf(32)),
    }),
  }),
  response: sentTransactionResponse,
  errors: [...accountCommandErrors, 'PROPOSAL_REFUSED'],
  mode: 'once',
});
