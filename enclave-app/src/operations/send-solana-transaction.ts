import { sendSolanaTransactionBody } from '@strongroom/shared/api/send-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { sendSolanaTransaction } from '@strongroom/shared/operations/send-solana-transaction';
import { authorizeWith } from '../auth/authorize.ts';
import { type Acceptance, approve } from '../policy/approval.ts';
import { evaluateEvery } from '../policy/evaluate.ts';
import type { RequestUnit } from '../policy/request-unit.ts';
import type { ReadyService } from '../ready-service.ts';
import type { OpenedProject } from '../records/projects.ts';
import { formatSolanaSignature } from '../solana/address.ts';
import { isBlockhashOpen } from '../solana/lifetime.ts';
import {
  decodeWireTransaction,
  encodeWireTransaction,
  placeSignature,
  signerIndex,
  type WireTransaction,
  withRecentBlockhash,
} from '../solana/wire-transaction.ts';
import { jsonAnswer } from './account-answer.ts';
import { type SigningAccount, signAsSolanaAccount } from './account-signature.ts';
import { decodeBase64Transaction } from './base64-transaction.ts';
import { applicablePolicies } from './decide.ts';
import { parseBody } from './parse-body.ts';

type Send = typeof sendSolanaTransaction;
type PresentedAccount = ParsedRequestOf<Send>['accounts'][number];

/** Authorize, complete, decide for every account that signs, sign with each. As for EVM, one token is good for one transaction. */
export async function handleSendSolanaTransaction(
  { client, project: rows, accounts, policies, proposal }: ParsedRequestOf<Send>,
  service: ReadyService,
): Promise<ResponseOf<Send>> {
  const openSigners = ({ project }: { readonly project: OpenedProject }) =>
    accounts.map((account) => openSigner(account, project, service));
  const request = { client, rows };
  const authorized = await authorizeWith('send-solana-transaction', request, service, openSigners);
  const { body, token, opened: signers } = authorized;
  const { transaction, network } = parseBody(sendSolanaTransactionBody, body);
  const open = decodeWireTransaction(decodeBase64Transaction(transaction));
  if (signers.length === 0 || !signers.every(({ record }) => signerIndex(open, record.publicKey) !== null))
    throw unableToSign();
  const judge = ({ message }: WireTransaction) =>
    decideForEvery(
      signers,
      policies,
      { operation: 'sendSolTransaction', transaction: message, network },
      service,
    );
  // What is forbidden is refused as such, whatever became of the proposal.
  judge(open);
  const wire = completeLifetime(open, proposal.blockhash);
  const verdict = judge(wire);
  const signed = signers.reduce((partly, signer) => {
    const signature = signAsSolanaAccount(signer, approve(verdict, wire.messageBytes), service);
    return placeSignature(partly, signer.record.publicKey, signature);
  }, wire);
  // A transaction that somebody else has yet to sign cannot be sent.
  if (signed.signatures.some(isEmpty)) throw unableToSign();
  const id = formatSolanaSignature(signed.signatures[0] as Uint8Array);
  return {
    answer: jsonAnswer(200, { transactionSignature: id }),
    transaction: { id, raw: encodeWireTransaction(signed), tokenId: token.id, nonce: null },
  };
}

/** Every account that signs is a unit of its own, with its own policies. @throws OperationError POLICY_VIOLATION */
function decideForEvery(
  signers: readonly SigningAccount[],
  untrustedDocuments: readonly Uint8Array[],
  unit: RequestUnit,
  service: ReadyService,
): Acceptance {
  const units = signers.map(({ project, record }) => ({
    policies: applicablePolicies({ project, account: record, untrustedDocuments }, service),
    unit,
  }));
  const verdict = evaluateEvery(units);
  if (verdict.kind === 'reject') throw new OperationError('POLICY_VIOLATION');
  return verdict;
}

/** @throws OperationError PROPOSAL_REFUSED when a blockhash is proposed for a transaction that has one, or none for one that has not */
function completeLifetime(wire: WireTransaction, untrustedBlockhash: Uint8Array | null): WireTransaction {
  if (isBlockhashOpen(wire.message) !== (untrustedBlockhash !== null))
    throw new OperationError('PROPOSAL_REFUSED');
  if (untrustedBlockhash === null) return wire;
  // Signatures of others would be over another message, and be lost unnoticed.
  if (!wire.signatures.every(isEmpty)) throw new OperationError('MALFORMED_TRANSACTION');
  return withRecentBlockhash(wire, untrustedBlockhash);
}

function openSigner(
  { address, rows }: PresentedAccount,
  project: OpenedProject,
  { accounts }: ReadyService,
): SigningAccount {
  const { record } = accounts.open(project, address, rows.account);
  return { project, record, untrustedWalletKey: rows.walletKey };
}

function isEmpty(signature: Uint8Array): boolean {
  return signature.every((byte) => byte === 0);
}

function unableToSign(): OperationError {
  return new OperationError('FORBIDDEN', { clientMessage: 'Unable to sign transaction for this address.' });
}
