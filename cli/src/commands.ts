import { accountExport, accountImport, accountList } from './commands/account.ts';
import { accountVerify } from './commands/account-verify.ts';
import { apiKeyCreate, apiKeyList, apiKeyRevoke, apiKeyRotate } from './commands/api-key.ts';
import { audit } from './commands/audit.ts';
import { backup, backupVerify, drill, restore } from './commands/backup.ts';
import { backupKey } from './commands/backup-key.ts';
import { completionOf } from './commands/completion.ts';
import { factorAddPasskey, factorList, factorRemove } from './commands/factor.ts';
import { factorAddTotp, factorRecoveryCodes, factorRequire } from './commands/factor-codes.ts';
import { genesis } from './commands/genesis.ts';
import {
  policyCreate,
  policyDelete,
  policyEvaluate,
  policyList,
  policyShow,
  policyUpdate,
} from './commands/policy.ts';
import { projectCreate } from './commands/project-create.ts';
import { projectSettings } from './commands/project-settings.ts';
import { projectShow, projectVerify } from './commands/project-verify.ts';
import { recoveryComplete, recoveryShow, recoveryStart, recoveryVeto } from './commands/recovery.ts';
import { recoveryRemove, recoveryReplace, recoverySetup } from './commands/recovery-passphrase.ts';
import { rootKeyAddKms, rootKeyStatus, rotateRootKey } from './commands/root-key.ts';
import { rotationVerify } from './commands/rotation-verify.ts';
import { status } from './commands/status.ts';
import { walletSecretList, walletSecretRevoke, walletSecretRotate } from './commands/wallet-secret.ts';
import type { Command } from './framework/command.ts';

/** Every command, in the order in which the help shows them. */
export const COMMANDS: readonly Command[] = [
  projectCreate,
  projectVerify,
  projectShow,
  projectSettings,
  accountList,
  accountVerify,
  accountImport,
  accountExport,
  audit,
  policyList,
  policyShow,
  policyCreate,
  policyUpdate,
  policyDelete,
  policyEvaluate,
  apiKeyCreate,
  apiKeyList,
  apiKeyRotate,
  apiKeyRevoke,
  walletSecretRotate,
  walletSecretList,
  walletSecretRevoke,
  factorList,
  factorAddPasskey,
  factorAddTotp,
  factorRecoveryCodes,
  factorRequire,
  factorRemove,
  recoverySetup,
  recoveryReplace,
  recoveryRemove,
  recoveryStart,
  recoveryVeto,
  recoveryComplete,
  recoveryShow,
  rotationVerify,
  genesis,
  rotateRootKey,
  rootKeyStatus,
  rootKeyAddKms,
  status,
  backup,
  backupKey,
  backupVerify,
  restore,
  drill,
  completionOf(() => COMMANDS),
];
