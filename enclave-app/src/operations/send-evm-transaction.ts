import { EVM_CHAIN_IDS } from '@strongroom/shared/api/networks';
import { sendEvmTransactionBody } from '@strongroom/shared/api/send-body';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { sendEvmTransaction } from '@strongroom/shared/operations/send-evm-transaction';
import { authorizeForAccount } from '../auth/authorize.ts';
import { parseHex, toHex } from '../evm/hex.ts';
import {
  decodeUnsignedTransaction,
  serializeSigned,
  signingDigest,
  transactionHash,
} from '../evm/transaction.ts';
import { approve } from '../policy/approval.ts';
import type { EvmCall } from '../policy/request-unit.ts';
import type { ReadyService } from '../ready-service.ts';
import { jsonAnswer } from './account-answer.ts';
import { signAsEvmAccount } from './account-signature.ts';
import { assertFeeWithinCap, completeTransaction } from './complete-evm-transaction.ts';
import { decide } from './decide.ts';
import { parseBody } from './parse-body.ts';

type Send = typeof sendEvmTransaction;

/**
 * Authorize, complete, cap, decide, sign. Authorizing spends the token whatever follows, so within this enclave's life no second proposal
 * is signed for it; a later enclave refuses tokens from before its start.
 */
export async function handleSendEvmTransaction(
  { client, project: rows, rows: accountRows, policies, proposal }: ParsedRequestOf<Send>,
  service: ReadyService,
): Promise<ResponseOf<Send>> {
  const request = { client, rows, account: accountRows.account };
  const { project, account, body, token } = await authorizeForAccount(
    'send-evm-transaction',
    request,
    service,
  );
  const { record } = account;
  const { transaction, network } = parseBody(sendEvmTransactionBody, body);
  const jurisdiction = { project, account: record, untrustedDocuments: policies };
  const judge = (call: EvmCall) =>
    decide(jurisdiction, { operation: 'sendEvmTransaction', call, network }, service);
  const open = decodeUnsignedTransaction(parseHex(transaction));
  // What is forbidden is refused as such, whatever became of the proposal.
  judge(open);
  const completion = { chainId: EVM_CHAIN_IDS[network], untrustedProposal: proposal };
  const call = completeTransaction(open, completion);
  assertFeeWithinCap(call, project.authority.record.maxFeeWei);
  const approval = approve(judge(call), signingDigest(call));
  const signer = { project, record, untrustedWalletKey: accountRows.walletKey };
  const signature = signAsEvmAccount(signer, approval, service);
  const raw = serializeSigned(call, signature);
  const id = toHex(transactionHash(raw));
  return {
    answer: jsonAnswer(200, { transactionHash: id }),
    transaction: { id, raw, tokenId: token.id, nonce: Number(call.nonce) },
  };
}
