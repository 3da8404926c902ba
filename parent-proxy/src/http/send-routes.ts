import {
  sendEvmTransactionBody,
  sendSolanaTransactionBody,
  sentEvmTransactionBody,
  sentSolanaTransactionBody,
} from '@strongroom/shared/api/send-body';
import type { ProjectRoute } from './route.ts';
import { sendEvmTransaction } from './routes/send-evm-transaction.ts';
import { sendSolanaTransaction } from './routes/send-solana-transaction.ts';

const sending = { method: 'POST', auth: 'wallet', scope: 'sign' } as const;

/** Before the routes of single accounts: `send` is no address. */
export const SEND_ROUTES: readonly ProjectRoute[] = [
  {
    ...sending,
    path: '/v2/evm/accounts/:address/send/transaction',
    handle: sendEvmTransaction,
    contract: {
      operationId: 'sendEvmTransaction',
      summary: 'Completes, signs and sends an EIP-1559 transaction.',
      body: sendEvmTransactionBody,
      isIdempotent: true,
      success: { status: 200, body: sentEvmTransactionBody },
      refusals: [404, 502],
    },
  },
  {
    ...sending,
    path: '/v2/solana/accounts/send/transaction',
    handle: sendSolanaTransaction,
    contract: {
      operationId: 'sendSolanaTransaction',
      summary: "Signs a transaction for those of the project's accounts that it requires, and sends it.",
      body: sendSolanaTransactionBody,
      isIdempotent: true,
      success: { status: 200, body: sentSolanaTransactionBody },
      refusals: [404, 502],
    },
  },
];
