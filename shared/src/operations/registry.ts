import { activateRootKey } from './activate-root-key.ts';
import { addApiKey } from './add-api-key.ts';
import { addPasskey } from './add-passkey.ts';
import { addRootWraps } from './add-root-wraps.ts';
import { addTotp } from './add-totp.ts';
import { addWalletSecret } from './add-wallet-secret.ts';
import { announceRestore } from './announce-restore.ts';
import { announceRootKey } from './announce-root-key.ts';
import { certifyBackup } from './certify-backup.ts';
import { certifyProject } from './certify-project.ts';
import { certifyRotation } from './certify-rotation.ts';
import { challengeFactors } from './challenge-factors.ts';
import { challengeRecovery } from './challenge-recovery.ts';
import { completeRecovery } from './complete-recovery.ts';
import { createEvmAccount } from './create-evm-account.ts';
import { createPolicy } from './create-policy.ts';
import { createProject } from './create-project.ts';
import { createSolanaAccount } from './create-solana-account.ts';
import { createSpendPermission } from './create-spend-permission.ts';
import { delegateEvmAccount } from './delegate-evm-account.ts';
import { deletePolicy } from './delete-policy.ts';
import { drillRows } from './drill-rows.ts';
import { evaluatePolicy } from './evaluate-policy.ts';
import { exportEvmAccount } from './export-evm-account.ts';
import { exportSolanaAccount } from './export-solana-account.ts';
import { getAttestation } from './get-attestation.ts';
import { getImportKey } from './get-import-key.ts';
import { getMetrics } from './get-metrics.ts';
import { getRootKey } from './get-root-key.ts';
import { getStatus } from './get-status.ts';
import { importEvmAccount } from './import-evm-account.ts';
import { importSolanaAccount } from './import-solana-account.ts';
import { issueProjectNonce } from './issue-project-nonce.ts';
import { judgeUserOperation } from './judge-user-operation.ts';
import { loadRootRecord } from './load-root-record.ts';
import { prepareAndSendUserOperation } from './prepare-and-send-user-operation.ts';
import { readEvents } from './read-events.ts';
import { removePasskey } from './remove-passkey.ts';
import { removeRecoveryKey } from './remove-recovery-key.ts';
import { removeTotp } from './remove-totp.ts';
import { resealRows } from './reseal-rows.ts';
import { retireRootKey } from './retire-root-key.ts';
import { reviewRows } from './review-rows.ts';
import { revokeApiKey } from './revoke-api-key.ts';
import { revokeSpendPermission } from './revoke-spend-permission.ts';
import { revokeWalletSecret } from './revoke-wallet-secret.ts';
import { runGenesis } from './run-genesis.ts';
import { sendEvmTransaction } from './send-evm-transaction.ts';
import { sendSolanaTransaction } from './send-solana-transaction.ts';
import { setCredentials } from './set-credentials.ts';
import { setFactorRequirements } from './set-factor-requirements.ts';
import { setRecoveryCodes } from './set-recovery-codes.ts';
import { setRecoveryKey } from './set-recovery-key.ts';
import { signEvmHash } from './sign-evm-hash.ts';
import { signEvmMessage } from './sign-evm-message.ts';
import { signEvmTransaction } from './sign-evm-transaction.ts';
import { signEvmTypedData } from './sign-evm-typed-data.ts';
import { signSolanaMessage } from './sign-solana-message.ts';
import { signSolanaTransaction } from './sign-solana-transaction.ts';
import { startRecovery } from './start-recovery.ts';
import { updateEvmAccount } from './update-evm-account.ts';
import { updatePolicy } from './update-policy.ts';
import { updateProjectSettings } from './update-project-settings.ts';
import { updateSolanaAccount } from './update-solana-account.ts';
import { vetoRecovery } from './veto-recovery.ts';

/** The closed list of operations. A name that is not here is refused. */
export const OPERATIONS = [
  getStatus,
  getAttestation,
  getMetrics,
  readEvents,
  setCredentials,
  runGenesis,
  loadRootRecord,
  getRootKey,
  announceRootKey,
  activateRootKey,
  retireRootKey,
  addRootWraps,
  resealRows,
  certifyBackup,
  drillRows,
  announceRestore,
  reviewRows,
  certifyRotation,
  issueProjectNonce,
  createProject,
  certifyProject,
  updateProjectSettings,
  addApiKey,
  revokeApiKey,
  addWalletSecret,
  revokeWalletSecret,
  setRecoveryKey,
  removeRecoveryKey,
  challengeRecovery,
  startRecovery,
  vetoRecovery,
  completeRecovery,
  challengeFactors,
  addPasskey,
  removePasskey,
  addTotp,
  removeTotp,
  setRecoveryCodes,
  setFactorRequirements,
  createPolicy,
  updatePolicy,
  deletePolicy,
  evaluatePolicy,
  getImportKey,
  createEvmAccount,
  importEvmAccount,
  exportEvmAccount,
  updateEvmAccount,
  signEvmHash,
  signEvmMessage,
  signEvmTypedData,
  signEvmTransaction,
  sendEvmTransaction,
  delegateEvmAccount,
  judgeUserOperation,
  prepareAndSendUserOperation,
  createSpendPermission,
  revokeSpendPermission,
  createSolanaAccount,
  importSolanaAccount,
  exportSolanaAccount,
  updateSolanaAccount,
  signSolanaMessage,
  signSolanaTransaction,
  sendSolanaTransaction,
] as const;

export type RegisteredOperation = (typeof OPERATIONS)[number];
export type OperationName = RegisteredOperation['name'];

const NAMES: ReadonlySet<string> = new Set(OPERATIONS.map(({ name }) => name));

export function isOperationName(name: string): name is OperationName {
  return NAMES.has(name);
}
