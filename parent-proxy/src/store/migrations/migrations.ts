import type { Migration } from '../migrate.ts';
import { initialPrimary } from './primary/0001-initial.ts';
import { sending } from './primary/0002-sending.ts';
import { rotation } from './primary/0003-rotation.ts';
import { smartAccounts } from './primary/0004-smart-accounts.ts';
import { userOperations } from './primary/0005-user-operations.ts';
import { spendPermissions } from './primary/0006-spend-permissions.ts';
import { restores } from './primary/0007-restores.ts';
import { transferReceipts } from './primary/0008-transfer-receipts.ts';
import { keptAnswers } from './primary/0009-kept-answers.ts';
import { recoveryNotices } from './primary/0010-recovery-notices.ts';
import { initialVault } from './vault/0001-initial.ts';

/** In the order of their numbers; a released migration is never changed. */
export const PRIMARY_MIGRATIONS: readonly Migration[] = [
  initialPrimary,
  sending,
  rotation,
  smartAccounts,
  userOperations,
  spendPermissions,
  restores,
  transferReceipts,
  keptAnswers,
  recoveryNotices,
];
export const VAULT_MIGRATIONS: readonly Migration[] = [initialVault];
