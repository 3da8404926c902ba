import { constants, createHash, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto';
import { exportAccountBody } from '@strongroom/shared/api/transfer-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { authorizeForAccount } from '../auth/authorize.ts';
import { verifyBearer } from '../auth/bearer.ts';
import { GATED_OPERATIONS, requireSecondFactor } from '../auth/second-factor.ts';
import { issueTransferReceipt } from '../certificates/certificates.ts';
import type { ChainKeys } from '../keys/chain-key.ts';
import type { ReadyService } from '../ready-service.ts';
import { jsonAnswer } from './account-answer.ts';
import { parseBody } from './parse-body.ts';

type ExportOperation = 'export-evm-account' | 'export-solana-account';

const PUBLIC_EXPONENT = 65_537n;

/**
 * Encrypts an account's key to the caller's RSA key. Four gates, all here: the Wallet Secret, the project's own permission, an API key with
 * the scope for it, and a second factor where the project requires one.
 */
export function handleExportAccount(operation: ExportOperation, keys: ChainKeys) {
  return async (
    {
      client,
      project: rows,
      address: storedAddress,
      rows: accountRows,
    }: ParsedRequestOf<typeof exportEvmAccount>,
    service: ReadyService,
  ): Promise<ResponseOf<typeof exportEvmAccount>> => {
    const request = { client, rows, account: accountRows.account, storedAddress };
    const { project, account, name, body } = await authorizeForAccount(operation, request, service);
    const authority = project.authority.record;
    verifyBearer(client, { authority, scope: 'accounts#export', clock: service.clock });
    if (!authority.exportAllowed) {
      throw new OperationError('FORBIDDEN', {
        clientMessage: 'This project does not allow keys to be exported.',
      });
    }
    const demand = { purposes: GATED_OPERATIONS[operation], isBesideSignature: true, writesRecord: false };
    const recipient = readRecipient(parseBody(exportAccountBody, body).exportEncryptionKey);
    const { record } = account;
    if (name !== null && record.name !== name) throw new OperationError('RECORD_MISMATCH');
    requireSecondFactor({ client, project }, demand, service);
    const encrypted = service.accounts.withWalletKey(project, record, {
      untrustedWalletKey: accountRows.walletKey,
      use: (secretKey) => {
        if (keys.identify(secretKey).address !== record.address) throw new OperationError('RECORD_MISMATCH');
        return publicEncrypt(
          { key: recipient, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
          secretKey,
        );
      },
    });
    const receipt = issueTransferReceipt(service.deployment, project.authority, {
      transfer: 'export',
      account: record,
      recipientDigest: digestOf(recipient),
      issuedAtMs: service.clock.nowMs(),
    });
    return { ...jsonAnswer(200, { encryptedPrivateKey: encrypted.toString('base64') }), receipt };
  };
}

function digestOf(recipient: KeyObject): Uint8Array {
  return createHash('sha256')
    .update(recipient.export({ format: 'der', type: 'spki' }))
    .digest();
}

/** RSA of 2048 to 8192 bits with the usual exponent; a smaller or odder key is no way to receive a secret. */
function readRecipient(base64: string): KeyObject {
  const refused = (cause?: unknown) =>
    new OperationError('INVALID_REQUEST', { cause, clientMessage: 'The export encryption key is invalid.' });
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  } catch (cause) {
    throw refused(cause);
  }
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  const isRsa = key.asymmetricKeyType === 'rsa' && publicExponent === PUBLIC_EXPONENT;
  if (!isRsa || modulusLength < 2048 || modulusLength > 8192) throw refused();
  return key;
}
