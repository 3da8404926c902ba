import { signSolanaMessageBody, signSolanaTransactionBody } from '@strongroom/shared/api/solana-sign-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import { authorizeForAccount } from '../auth/authorize.ts';
import { approve } from '../policy/approval.ts';
import type { RequestUnit } from '../policy/request-unit.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import { formatSolanaSignature } from '../solana/address.ts';
import { isTransactionMessage } from '../solana/message.ts';
import {
  decodeWireTransaction,
  encodeWireTransaction,
  placeSignature,
  signerIndex,
} from '../solana/wire-transaction.ts';
import { jsonAnswer } from './account-answer.ts';
import { signAsSolanaAccount } from './account-signature.ts';
import { decodeBase64Transaction } from './base64-transaction.ts';
import { decide } from './decide.ts';
import { parseBody } from './parse-body.ts';
import type { SignRequest } from './sign-evm.ts';

type SignOperation = 'sign-solana-message' | 'sign-solana-transaction';

interface SigningTask {
  readonly unit: RequestUnit;
  /** What Ed25519 signs: the message itself, not a digest. */
  readonly message: Uint8Array;
  readonly answer: (signature: Uint8Array) => unknown;
}

const TASKS: Readonly<Record<SignOperation, (body: JsonValue, account: AccountRecord) => SigningTask>> = {
  'sign-solana-message': (body) => {
    const { message: text } = parseBody(signSolanaMessageBody, body);
    const message = Buffer.from(text, 'utf8');
    // A signature over these bytes would be one over a payment.
    if (!text.isWellFormed() || isTransactionMessage(message)) throw new OperationError('INVALID_REQUEST');
    return {
      unit: { operation: 'signSolMessage', message: text },
      message,
      answer: (signature) => ({ signature: formatSolanaSignature(signature) }),
    };
  },
  'sign-solana-transaction': (body, { publicKey }) => {
    const wire = decodeWireTransaction(
      decodeBase64Transaction(parseBody(signSolanaTransactionBody, body).transaction),
    );
    if (signerIndex(wire, publicKey) === null) {
      throw new OperationError('FORBIDDEN', {
        clientMessage: 'Unable to sign transaction for this address.',
      });
    }
    return {
      unit: { operation: 'signSolTransaction', transaction: wire.message },
      message: wire.messageBytes,
      answer: (signature) => ({
        signedTransaction: Buffer.from(
          encodeWireTransaction(placeSignature(wire, publicKey, signature)),
        ).toString('base64'),
      }),
    };
  },
};

/** Makes the handler of one signing operation: authorize, read what is signed, decide, sign, forget. */
export function handleSignSolana(operation: SignOperation) {
  return async (
    { client, project: rows, rows: accountRows, policies }: SignRequest,
    service: ReadyService,
  ): Promise<HttpAnswer> => {
    const request = { client, rows, account: accountRows.account };
    const { project, account, body } = await authorizeForAccount(operation, request, service);
    const { record } = account;
    const { unit, message, answer } = TASKS[operation](body, record);
    const approval = approve(
      decide({ project, account: record, untrustedDocuments: policies }, unit, service),
      message,
    );
    const signer = { project, record, untrustedWalletKey: accountRows.walletKey };
    const signature = signAsSolanaAccount(signer, approval, service);
    return jsonAnswer(200, answer(signature));
  };
}
