import { signHashBody, signMessageBody, signTransactionBody } from '@strongroom/shared/api/evm-sign-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import type { RequestOf } from '@strongroom/shared/operations/operation';
import type { OperationName } from '@strongroom/shared/operations/registry';
import type { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import { authorize } from '../auth/authorize.ts';
import { addressFromPublicKey, checksumAddress } from '../evm/address.ts';
import { parseHex, toHex } from '../evm/hex.ts';
import { personalMessageDigest } from '../evm/personal-message.ts';
import { decodeUnsignedTransaction, serializeSigned, signingDigest } from '../evm/transaction.ts';
import { hashTypedData, parseTypedData } from '../evm/typed-data.ts';
import { approve } from '../policy/approval.ts';
import type { ReadyService } from '../ready-service.ts';
import { type RecoverableSignature, secp256k1PublicKey, signSecp256k1 } from '../sign/secp256k1.ts';
import { jsonAnswer } from './account-answer.ts';
import { parseBody } from './parse-body.ts';

type SignRequest = RequestOf<typeof signEvmHash>;
type SignOperation = Extract<OperationName, `sign-evm-${string}`>;

/** What is to be signed, read once out of the verified body, and the answer that a signature of it makes. */
interface SigningTask {
  /** 32 bytes. */
  readonly digest: Uint8Array;
  readonly answer: (signature: RecoverableSignature) => unknown;
}

const TASKS: Readonly<Record<SignOperation, (body: JsonValue) => SigningTask>> = {
  'sign-evm-hash': (body) => ({
    digest: parseHex(parseBody(signHashBody, body).hash),
    answer: signatureAnswer,
  }),
  'sign-evm-message': (body) => ({
    digest: personalMessageDigest(parseBody(signMessageBody, body).message),
    answer: signatureAnswer,
  }),
  'sign-evm-typed-data': (body) => ({ digest: hashTypedData(parseTypedData(body)), answer: signatureAnswer }),
  'sign-evm-transaction': (body) => {
    const transaction = decodeUnsignedTransaction(parseHex(parseBody(signTransactionBody, body).transaction));
    return {
      digest: signingDigest(transaction),
      answer: (signature) => ({ signedTransaction: toHex(serializeSigned(transaction, signature)) }),
    };
  },
};

/** Makes the handler of one signing operation: authorize, read what is signed, decide, sign, forget. */
export function handleSignEvm(operation: SignOperation) {
  return async (
    { client, project: rows, rows: accountRows }: SignRequest,
    service: ReadyService,
  ): Promise<HttpAnswer> => {
    const { project, address, body } = await authorize(operation, { client, rows }, service);
    const { record } = service.accounts.open(project, address as string, accountRows.account);
    const task = TASKS[operation](body);
    const approval = approve({ kind: 'accept' }, task.digest);
    const signature = service.accounts.withWalletKey(project, record, {
      untrustedWalletKey: accountRows.walletKey,
      use: (secretKey) => {
        assertOwnAddress(secretKey, record.address);
        return signSecp256k1(approval, secretKey);
      },
    });
    return jsonAnswer(200, task.answer(signature));
  };
}

/** The key that came out of the vault must be the key of the address that the client named. */
function assertOwnAddress(secretKey: Uint8Array, address: string): void {
  if (checksumAddress(addressFromPublicKey(secp256k1PublicKey(secretKey, false))) !== address) {
    throw new OperationError('RECORD_MISMATCH');
  }
}

/** r || s || v with v 27 or 28, as CDP and viem have it. */
function signatureAnswer({ r, s, yParity }: RecoverableSignature): { signature: string } {
  return { signature: toHex(Buffer.concat([r, s, Uint8Array.of(27 + yParity)])) };
}
