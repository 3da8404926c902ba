import type { Operation, ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { OperationName, RegisteredOperation } from '@strongroom/shared/operations/registry';
import type { Lifecycle } from '../boot/lifecycle.ts';
import { EVM_KEYS, SOLANA_KEYS } from '../keys/chain-key.ts';
import type { ReadyService } from '../ready-service.ts';
import { handleAddApiKey, handleRevokeApiKey } from './api-keys.ts';
import { handleAnnounceRestore, handleCertifyBackup, handleDrillRows } from './backups.ts';
import { handleCertifyProject } from './certify-project.ts';
import { handleChallengeFactors } from './challenge-factors.ts';
import { handleCreateAccount } from './create-account.ts';
import { handleCreateProject } from './create-project.ts';
import { handleDelegateEvmAccount } from './delegate-evm-account.ts';
import { handleEvaluatePolicy } from './evaluate-policy.ts';
import { handleExportAccount } from './export-account.ts';
import { handleSetFactorRequirements, handleSetRecoveryCodes } from './factor-requirements.ts';
import { handleGetImportKey } from './get-import-key.ts';
import { handleImportAccount } from './import-account.ts';
import { handleJudgeUserOperation } from './judge-user-operation.ts';
import { handleAddPasskey, handleRemovePasskey } from './passkeys.ts';
import { handleCreatePolicy, handleDeletePolicy, handleUpdatePolicy } from './policies.ts';
import { handlePrepareAndSendUserOperation } from './prepare-and-send-user-operation.ts';
import { handleUpdateProjectSettings } from './project-settings.ts';
import { handleCompleteRecovery, handleStartRecovery, handleVetoRecovery } from './recoveries.ts';
import { handleChallengeRecovery } from './recovery-challenge.ts';
import { handleRemoveRecoveryKey, handleSetRecoveryKey } from './recovery-key.ts';
import { handleResealRows } from './reseal-rows.ts';
import { handleCertifyRotation, handleReviewRows } from './review-rows.ts';
import {
  handleActivateRootKey,
  handleAddRootWraps,
  handleAnnounceRootKey,
  handleGetRootKey,
  handleRetireRootKey,
} from './root-keys.ts';
import { handleSendEvmTransaction } from './send-evm-transaction.ts';
import { handleSendSolanaTransaction } from './send-solana-transaction.ts';
import { handleSignEvm } from './sign-evm.ts';
import { handleSignEvmHash } from './sign-evm-hash.ts';
import { handleSignSolana } from './sign-solana.ts';
import { handleCreateSpendPermission, handleRevokeSpendPermission } from './spend-permissions.ts';
import { handleGetMetrics, handleReadEvents, type TelemetryContext } from './telemetry.ts';
import { handleAddTotp, handleRemoveTotp } from './totp-factor.ts';
import { handleUpdateAccount } from './update-account.ts';
import { handleAddWalletSecret, handleRevokeWalletSecret } from './wallet-secrets.ts';

/** Operations on the enclave itself, answered before it is ready too. */
export type LifecycleOperationName =
  | 'get-status'
  | 'get-attestation'
  | 'set-credentials'
  | 'run-genesis'
  | 'load-root-record';
/** What the enclave tells of its work. */
export type TelemetryOperationName = 'get-metrics' | 'read-events';

type ContractOf<Name extends OperationName> = Extract<RegisteredOperation, Operation<Name>>;
type Handler<Name extends OperationName, Context> = (
  request: ParsedRequestOf<ContractOf<Name>>,
  context: Context,
) => ResponseOf<ContractOf<Name>> | Promise<ResponseOf<ContractOf<Name>>>;

export const LIFECYCLE_HANDLERS: { readonly [Name in LifecycleOperationName]: Handler<Name, Lifecycle> } = {
  'get-status': (_request, lifecycle) => ({
    phase: lifecycle.phase,
    reason: lifecycle.reason,
    bootId: lifecycle.bootId,
    deploymentId: lifecycle.phase === 'ready' ? lifecycle.deployment.id : null,
    generation: lifecycle.phase === 'ready' ? lifecycle.deployment.roots.current.generation : null,
    credentialsExpireAtMs: lifecycle.credentialsExpireAtMs,
  }),
  'get-attestation': ({ nonce }, lifecycle) => lifecycle.attest(nonce),
  'set-credentials': (credentials, lifecycle) => {
    lifecycle.setCredentials(credentials);
    return {};
  },
  'run-genesis': async (_request, lifecycle) => ({ rootRecord: await lifecycle.runGenesis() }),
  'load-root-record': async ({ rootRecord }, lifecycle) => {
    await lifecycle.loadRootRecord(rootRecord);
    return { phase: lifecycle.phase };
  },
};

export const TELEMETRY_HANDLERS: {
  readonly [Name in TelemetryOperationName]: Handler<Name, TelemetryContext>;
} = {
  'get-metrics': handleGetMetrics,
  'read-events': handleReadEvents,
};

export const READY_HANDLERS: {
  readonly [Name in Exclude<OperationName, LifecycleOperationName | TelemetryOperationName>]: Handler<
    Name,
    ReadyService
  >;
} = {
  'issue-project-nonce': (_request, { projectNonces, deployment, clock }) => ({
    ...projectNonces.issue(clock.nowMs()),
    deploymentId: deployment.id,
  }),
  'get-root-key': handleGetRootKey,
  'announce-root-key': handleAnnounceRootKey,
  'activate-root-key': handleActivateRootKey,
  'retire-root-key': handleRetireRootKey,
  'add-root-wraps': handleAddRootWraps,
  'reseal-rows': handleResealRows,
  'review-rows': handleReviewRows,
  'certify-rotation': handleCertifyRotation,
  'certify-backup': handleCertifyBackup,
  'drill-rows': handleDrillRows,
  'announce-restore': handleAnnounceRestore,
  'create-project': handleCreateProject,
  'certify-project': handleCertifyProject,
  'update-project-settings': handleUpdateProjectSettings,
  'add-api-key': handleAddApiKey,
  'revoke-api-key': handleRevokeApiKey,
  'add-wallet-secret': handleAddWalletSecret,
  'revoke-wallet-secret': handleRevokeWalletSecret,
  'set-recovery-key': handleSetRecoveryKey,
  'remove-recovery-key': handleRemoveRecoveryKey,
  'challenge-recovery': handleChallengeRecovery,
  'start-recovery': handleStartRecovery,
  'veto-recovery': handleVetoRecovery,
  'complete-recovery': handleCompleteRecovery,
  'challenge-factors': handleChallengeFactors,
  'add-passkey': handleAddPasskey,
  'remove-passkey': handleRemovePasskey,
  'add-totp': handleAddTotp,
  'remove-totp': handleRemoveTotp,
  'set-recovery-codes': handleSetRecoveryCodes,
  'set-factor-requirements': handleSetFactorRequirements,
  'create-policy': handleCreatePolicy,
  'update-policy': handleUpdatePolicy,
  'delete-policy': handleDeletePolicy,
  'evaluate-policy': handleEvaluatePolicy,
  'get-import-key': handleGetImportKey,
  'create-evm-account': handleCreateAccount('create-evm-account', EVM_KEYS),
  'import-evm-account': handleImportAccount('import-evm-account', EVM_KEYS),
  'export-evm-account': handleExportAccount('export-evm-account', EVM_KEYS),
  'update-evm-account': handleUpdateAccount('update-evm-account'),
  'sign-evm-hash': handleSignEvmHash,
  'sign-evm-message': handleSignEvm('sign-evm-message'),
  'sign-evm-typed-data': handleSignEvm('sign-evm-typed-data'),
  'sign-evm-transaction': handleSignEvm('sign-evm-transaction'),
  'send-evm-transaction': handleSendEvmTransaction,
  'delegate-evm-account': handleDelegateEvmAccount,
  'judge-user-operation': handleJudgeUserOperation,
  'prepare-and-send-user-operation': handlePrepareAndSendUserOperation,
  'create-spend-permission': handleCreateSpendPermission,
  'revoke-spend-permission': handleRevokeSpendPermission,
  'create-solana-account': handleCreateAccount('create-solana-account', SOLANA_KEYS),
  'import-solana-account': handleImportAccount('import-solana-account', SOLANA_KEYS),
  'export-solana-account': handleExportAccount('export-solana-account', SOLANA_KEYS),
  'update-solana-account': handleUpdateAccount('update-solana-account'),
  'sign-solana-message': handleSignSolana('sign-solana-message'),
  'sign-solana-transaction': handleSignSolana('sign-solana-transaction'),
  'send-solana-transaction': handleSendSolanaTransaction,
};
