import { projectSettingsBody } from '@strongroom/shared/api/project-settings-body';
import {
  completeRecoveryBody,
  recoveryBody,
  recoveryChallengeBody,
  recoveryKeyBody,
  setRecoveryKeyBody,
  startRecoveryBody,
} from '@strongroom/shared/api/recovery-body';
import { transferReceiptBody } from '@strongroom/shared/api/transfer-receipt-body';
import { addWalletSecretBody, walletSecretBody } from '@strongroom/shared/api/wallet-secret-body';
import * as v from 'valibot';
import { nextPageToken, pageQuery } from './page.ts';
import type { Route } from './route.ts';
import { listTransferReceipts } from './routes/list-transfer-receipts.ts';
import { changeProjectSettings } from './routes/project-settings.ts';
import {
  completeWaitingRecovery,
  giveRecoveryChallenge,
  removeExistingRecoveryKey,
  setNewRecoveryKey,
  startNewRecovery,
  vetoWaitingRecovery,
} from './routes/recoveries.ts';
import { addNewWalletSecret, revokeExistingWalletSecret } from './routes/wallet-secrets.ts';

const RECOVERIES = '/v2/enclave/recoveries';

/** What an owner does about a project as a whole: its audit, its settings, rotation of its secrets, and recovery by passphrase. */
export const OWNER_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/enclave/transfer-receipts',
    auth: 'api-key',
    scope: 'read',
    handle: listTransferReceipts,
    contract: {
      operationId: 'listTransferReceipts',
      summary: "Lists the enclave's receipts of the project's exported and imported keys, newest first.",
      query: pageQuery,
      success: {
        status: 200,
        body: v.strictObject({ transferReceipts: v.array(transferReceiptBody), nextPageToken }),
      },
      refusals: [400],
    },
  },
  {
    method: 'PUT',
    path: '/v2/enclave/project-settings',
    auth: 'wallet',
    scope: 'sign',
    handle: changeProjectSettings,
    contract: {
      operationId: 'updateProjectSettings',
      summary:
        'Changes fee cap, export permission or authorities of the project; what the body leaves out stays.',
      body: projectSettingsBody,
      isIdempotent: true,
      success: { status: 204, body: null },
    },
  },
  {
    method: 'POST',
    path: '/v2/enclave/wallet-secrets',
    auth: 'wallet',
    scope: 'sign',
    handle: addNewWalletSecret,
    contract: {
      operationId: 'addWalletSecret',
      summary: 'Adds a Wallet Secret that proves that it exists, and says when the others end.',
      body: addWalletSecretBody,
      isIdempotent: true,
      success: { status: 201, body: walletSecretBody },
    },
  },
  {
    method: 'DELETE',
    path: '/v2/enclave/wallet-secrets/:walletSecretId',
    auth: 'wallet',
    scope: 'sign',
    handle: revokeExistingWalletSecret,
    contract: {
      operationId: 'revokeWalletSecret',
      summary: 'Revokes a Wallet Secret at once; the last active one stays.',
      isIdempotent: true,
      success: { status: 204, body: null },
      refusals: [400, 404],
    },
  },
  {
    method: 'PUT',
    path: '/v2/enclave/recovery-key',
    auth: 'wallet',
    scope: 'sign',
    handle: setNewRecoveryKey,
    contract: {
      operationId: 'setRecoveryKey',
      summary:
        'Sets or replaces the key that the recovery passphrase is stretched to; ends a recovery that waits.',
      body: setRecoveryKeyBody,
      success: { status: 200, body: recoveryKeyBody },
    },
  },
  {
    method: 'DELETE',
    path: '/v2/enclave/recovery-key',
    auth: 'wallet',
    scope: 'sign',
    handle: removeExistingRecoveryKey,
    contract: {
      operationId: 'removeRecoveryKey',
      summary:
        'Removes the recovery key, so that no passphrase opens the project; ends a recovery that waits.',
      isIdempotent: true,
      success: { status: 204, body: null },
      refusals: [404],
    },
  },
  {
    method: 'POST',
    path: '/v2/enclave/recovery-challenges',
    auth: 'none',
    isRecovery: true,
    handle: giveRecoveryChallenge,
    contract: {
      operationId: 'getRecoveryChallenge',
      summary:
        "The enclave's certificate of what a recovery has to sign and of one that waits, over the nonce.",
      body: recoveryChallengeBody,
      success: { status: 200, body: v.strictObject({ certificate: v.string() }) },
      refusals: [404, 429],
    },
  },
  {
    method: 'POST',
    path: RECOVERIES,
    auth: 'none',
    isRecovery: true,
    handle: startNewRecovery,
    contract: {
      operationId: 'startRecovery',
      summary: 'Starts the waiting period of a recovery that the recovery key signed.',
      body: startRecoveryBody,
      success: { status: 201, body: recoveryBody },
      refusals: [403, 404, 409, 429],
    },
  },
  {
    method: 'POST',
    path: `${RECOVERIES}/:recoveryId/completion`,
    auth: 'none',
    isRecovery: true,
    handle: completeWaitingRecovery,
    contract: {
      operationId: 'completeRecovery',
      summary: "Puts the recovery's Wallet Secret, which signs this, in the place of all others.",
      body: completeRecoveryBody,
      success: { status: 200, body: recoveryBody },
      refusals: [401, 404, 409, 429],
    },
  },
  {
    method: 'DELETE',
    path: `${RECOVERIES}/:recoveryId`,
    auth: 'wallet',
    scope: 'read',
    handle: vetoWaitingRecovery,
    contract: {
      operationId: 'vetoRecovery',
      summary: 'Ends a recovery that waits.',
      isIdempotent: true,
      success: { status: 204, body: null },
      refusals: [404],
    },
  },
];
