import { signMessageBody, signTransactionBody } from '@strongroom/shared/api/evm-sign-body';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import type { ParsedRequestOf } from '@strongroom/shared/operations/operation';
import type { OperationName } from '@strongroom/shared/operations/registry';
import type { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import { authorizeForAccount } from '../auth/authorize.ts';
import { parseHex, toHex } from '../evm/hex.ts';
import { personalMessageDigest } from '../evm/personal-message.ts';
import { decodeUnsignedTransaction, serializeSigned, signingDigest } from '../evm/transaction.ts';
import { hashTypedData, parseTypedData } from '../evm/typed-data.ts';
import { approve } from '../policy/approval.ts';
import type { RequestUnit } from '../policy/request-unit.ts';
import type { ReadyService } from '../ready-service.ts';
import type { RecoverableSignature } from '../sign/secp256k1.ts';
import { jsonAnswer } from './account-answer.ts';
import { signAsEvmAccount } from './account-signature.ts';
import { decide } from './decide.ts';
import { parseBody } from './parse-body.ts';
import { signatureBytes } from './signature-bytes.ts';

export type SignRequest = ParsedRequestOf<typeof signEvmMessage>;
type SignOperation = Exclude<Extract<OperationName, `sign-evm-${string}`>, 'sign-evm-hash'>;

/** What is to be signed, read once out of the verified body: policies judge the very thing that the digest is of. */
interface SigningTask {
  readonly unit: RequestUnit;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  readonly answer: (signature: RecoverableSignature) => unknown;
}

const TASKS: Readonly<Record<SignOperation, (body: JsonValue) => SigningTask>> = {
  'sign-evm-message': (body) => {
    const { message } = parseBody(signMessageBody, body);
    return {
      unit: { operation: 'signEvmMessage', message },
      digest: personalMessageDigest(message),
      answer: signatureAnswer,
    };
  },
  'sign-evm-typed-data': (body) => {
    const typedData = parseTypedData(body);
    return {
      unit: { operation: 'signEvmTypedData', typedData },
      digest: hashTypedData(typedData),
      answer: signatureAnswer,
    };
  },
  'sign-evm-transaction': (body) => {
    const call = decodeUnsignedTransaction(parseHex(parseBody(signTransactionBody, body).transaction));
    return {
      unit: { operation: 'signEvmTransaction', call },
      digest: signingDigest(call),
      answer: (signature) => ({ signedTransaction: toHex(serializeSigned(call, signature)) }),
    };
  },
};

/** Makes the handler of one signing operation: authorize, read what is signed, decide, sign, forget. */
export function handleSignEvm(operation: SignOperation) {
  return async (
    { client, project: rows, rows: accountRows, policies }: SignRequest,
    service: ReadyService,
  ): Promise<HttpAnswer> => {
    const request = { client, rows, account: accountRows.account };
    const { project, account, body } = await authorizeForAccount(operation, request, service);
    const { record } = account;
    const { unit, digest, answer } = TASKS[operation](body);
    const approval = approve(
      decide({ project, account: record, untrustedDocuments: policies }, unit, service),
      digest,
    );
    const signer = { project, record, untrustedWalletKey: accountRows.walletKey };
    const signature = signAsEvmAccount(signer, approval, service);
    return jsonAnswer(200, answer(signature));
  };
}

/** What `sign`, `sign/message` and `sign/typed-data` answer. */
export function signatureAnswer(signature: RecoverableSignature): { signature: string } {
  return { signature: toHex(signatureBytes(signature)) };
}
