import { importAccountBody } from '@strongroom/shared/api/transfer-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { importEvmAccount } from '@strongroom/shared/operations/import-evm-account';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { authorize } from '../auth/authorize.ts';
import { issueTransferReceipt } from '../certificates/certificates.ts';
import type { ChainKeys } from '../keys/chain-key.ts';
import type { ReadyService } from '../ready-service.ts';
import { invalidImport } from '../records/import-keys.ts';
import { accountAnswer } from './account-answer.ts';
import { newAccount } from './new-account.ts';
import { parseBody } from './parse-body.ts';

type ImportOperation = 'import-evm-account' | 'import-solana-account';

/**
 * Takes a client's key. Encryption is randomized, so what a repeated request is compared by is the key itself.
 */
export function handleImportAccount(operation: ImportOperation, keys: ChainKeys) {
  return async (
    { client, project: rows, importKey, existing }: ParsedRequestOf<typeof importEvmAccount>,
    service: ReadyService,
  ): Promise<ResponseOf<typeof importEvmAccount>> => {
    const request = await authorize(operation, { client, rows }, service);
    const { encryptedPrivateKey, name, accountPolicy } = parseBody(importAccountBody, request.body);
    const ciphertext = Buffer.from(encryptedPrivateKey, 'base64');
    const secretKey = service.importKeys.decrypt(request.project, importKey, { ciphertext });
    try {
      if (!keys.isSecretKey(secretKey)) throw invalidImport();
      if (existing === null) {
        const identity = keys.identify(secretKey);
        const made = newAccount(
          request,
          { keys, origin: 'imported', secretKey: Uint8Array.from(secretKey), name, accountPolicy },
          service,
        );
        const receipt = issueTransferReceipt(service.deployment, request.project.authority, {
          transfer: 'import',
          account: { projectId: request.project.projectId, curve: keys.curve, ...identity },
          recipientDigest: null,
          issuedAtMs: service.clock.nowMs(),
        });
        return { ...made, receipt };
      }
      const { record } = service.accounts.open(request.project, existing.address, existing.account);
      if (keys.identify(secretKey).address !== record.address)
        throw new OperationError('IDEMPOTENCY_MISMATCH');
      return { answer: accountAnswer(201, record, request.project.authority.record), created: null };
    } finally {
      secretKey.fill(0);
    }
  };
}
