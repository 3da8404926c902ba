import {
  delegateAccountBody,
  delegatedAccountBody,
  delegationOperationBody,
} from '@strongroom/shared/api/delegation-body';
import {
  sendEvmTransactionBody,
  sendSolanaTransactionBody,
  sentEvmTransactionBody,
  sentSolanaTransactionBody,
} from '@strongroom/shared/api/send-body';
import { evmTokenBalanceBody, solanaTokenBalanceBody } from '@strongroom/shared/api/token-balance-body';
import * as v from 'valibot';
import { nextPageToken, pageQuery } from './page.ts';
import type { ProjectRoute } from './route.ts';
import { delegateEvmAccount, getDelegation } from './routes/delegations.ts';
import { listEvmTokenBalances, listSolanaTokenBalances } from './routes/list-token-balances.ts';
import { sendEvmTransaction } from './routes/send-evm-transaction.ts';
import { sendSolanaTransaction } from './routes/send-solana-transaction.ts';

const DELEGATION_OPERATION = '/v2/evm/eip7702/delegation-operations/:delegationOperationId';
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

const reading = { method: 'GET', auth: 'api-key', scope: 'read' } as const;

export const DELEGATION_ROUTES: readonly ProjectRoute[] = [
  {
    ...sending,
    path: '/v2/evm/accounts/:address/eip7702/delegation',
    handle: delegateEvmAccount,
    contract: {
      operationId: 'createEvmEip7702Delegation',
      summary: 'Gives an account the code of a smart wallet, by EIP-7702.',
      body: delegateAccountBody,
      isIdempotent: true,
      success: { status: 201, body: delegatedAccountBody },
      refusals: [404, 502],
    },
  },
  {
    ...reading,
    path: DELEGATION_OPERATION,
    handle: getDelegation,
    contract: {
      operationId: 'getEvmEip7702DelegationOperationById',
      summary: 'Shows what became of a delegation.',
      success: { status: 200, body: delegationOperationBody },
      refusals: [400, 404, 502],
    },
  },
];

export const BALANCE_ROUTES: readonly ProjectRoute[] = [
  {
    ...reading,
    path: '/v2/data/evm/token-balances/:network/:address',
    handle: listEvmTokenBalances,
    contract: {
      operationId: 'listDataTokenBalances',
      summary: 'Lists what an address holds: the native token, and those that the operator lists.',
      query: pageQuery,
      success: {
        status: 200,
        body: v.strictObject({ balances: v.array(evmTokenBalanceBody), nextPageToken }),
      },
      refusals: [400, 502],
    },
  },
  {
    ...reading,
    path: '/v2/solana/token-balances/:network/:address',
    handle: listSolanaTokenBalances,
    contract: {
      operationId: 'listSolanaTokenBalances',
      summary: 'Lists what an address holds: SOL and all SPL tokens.',
      query: pageQuery,
      success: {
        status: 200,
        body: v.strictObject({ balances: v.array(solanaTokenBalanceBody), nextPageToken }),
      },
      refusals: [400, 502],
    },
  },
];
