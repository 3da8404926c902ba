import { accountVerify } from './commands/account-verify.ts';
import { apiKeyCreate, apiKeyList, apiKeyRevoke, apiKeyRotate } from './commands/api-key.ts';
import { completionOf } from './commands/completion.ts';
import { genesis } from './commands/genesis.ts';
import { projectCreate } from './commands/project-create.ts';
import { projectSettings } from './commands/project-settings.ts';
import { projectShow, projectVerify } from './commands/project-verify.ts';
import { recoveryComplete, recoveryShow, recoveryStart, recoveryVeto } from './commands/recovery.ts';
import { recoveryReplace, recoverySetup } from './commands/recovery-passphrase.ts';
import { rootKeyAddKms, rootKeyStatus, rotateRootKey } from './commands/root-key.ts';
import { rotationVerify } from './commands/rotation-verify.ts';
import { walletSecretList, walletSecretRevoke, walletSecretRotate } from './commands/wallet-secret.ts';
import type { Command } from './framework/command.ts';

/** Every command, in the order in which the help shows them. */
export const COMMANDS: readonly Command[] = [
  projectCreate,
  projectVerify,
  projectShow,
  projectSettings,
  accountVerify,
  apiKeyCreate,
  apiKeyList,
  apiKeyRotate,
  apiKeyRevoke,
  walletSecretRotate,
  walletSecretList,
  walletSecretRevoke,
  recoverySetup,
  recoveryReplace,
  recoveryStart,
  recoveryVeto,
  recoveryComplete,
  recoveryShow,
  rotationVerify,
  genesis,
  rotateRootKey,
  rootKeyStatus,
  rootKeyAddKms,
  completionOf(() => COMMANDS),
];
