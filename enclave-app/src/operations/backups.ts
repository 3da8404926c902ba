// TRUST BOUNDARY: rows of a backup, from a parent that may have made them up.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { announceRestore } from '@strongroom/shared/operations/announce-restore';
import type { certifyBackup } from '@strongroom/shared/operations/certify-backup';
import type { drillRows } from '@strongroom/shared/operations/drill-rows';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { countRestore, type LoadedRoots } from '../boot/root-changes.ts';
import { issueBackupCertificate, issueDrillCertificate } from '../certificates/backup-certificates.ts';
import { type ChainKeys, EVM_KEYS, SOLANA_KEYS } from '../keys/chain-key.ts';
import { decodeRootRecord } from '../keys/root-record.ts';
import type { ReadyService } from '../ready-service.ts';
import { createAccounts } from '../records/accounts.ts';
import { createProjects } from '../records/projects.ts';
import { createRecordMarks } from '../records/record-marks.ts';

export function handleCertifyBackup(
  statement: ParsedRequestOf<typeof certifyBackup>,
  { deployment, rootKey, clock, securityEpoch }: ReadyService,
): ResponseOf<typeof certifyBackup> {
  const certificate = issueBackupCertificate(deployment, {
    ...statement,
    rootRecordVersion: rootKey.describeRoots().version,
    securityEpoch: securityEpoch(),
    certifiedAtMs: clock.nowMs(),
  });
  return { certificate };
}

/** One more than any drill shows in a message, so that marks of its own never fill. */
const DRILL_MARKS = 1024;

/**
 * Works with keys and marks of its own, which are gone when it returns: an old record that a drill opens neither counts as presented nor
 * locks a newer one out, and nothing of a root key that was retired here is held.
 */
export async function handleDrillRows(
  { contentDigest, rootRecord, project: rows, accounts: presented }: ParsedRequestOf<typeof drillRows>,
  { deployment, rootKey, clock }: ReadyService,
): Promise<ResponseOf<typeof drillRows>> {
  const record = decodeRootRecord(rootRecord);
  const archived = await rootKey.openApart(record);
  const marks = createRecordMarks(DRILL_MARKS);
  const project = createProjects(archived, marks).open(rows);
  const accounts = createAccounts(archived, marks);
  const opened = presented.map(({ address, account, walletKey }) => {
    const { record: accountRecord } = accounts.open(project, address, account);
    const keys = accountRecord.family === 'evm' ? EVM_KEYS : SOLANA_KEYS;
    const derived = accounts.withWalletKey(project, accountRecord, {
      untrustedWalletKey: walletKey,
      use: (secretKey) => deriveAddress(keys, secretKey),
    });
    if (derived !== accountRecord.address) throw new OperationError('RECORD_MISMATCH');
    return { curve: accountRecord.curve, address: derived };
  });
  const certificate = issueDrillCertificate(deployment, {
    contentDigest,
    projectId: project.projectId,
    generations: record.body.roots.map(({ generation }) => generation).sort((a, b) => a - b),
    accounts: opened,
    drilledAtMs: clock.nowMs(),
  });
  return { certificate };
}

/** From the key itself, not from what the record says of it. */
function deriveAddress(keys: ChainKeys, secretKey: Uint8Array): string {
  return keys.identify(secretKey).address;
}

export async function handleAnnounceRestore(
  { aboveEpoch }: ParsedRequestOf<typeof announceRestore>,
  { rootKey, securityEpoch }: ReadyService,
): Promise<ResponseOf<typeof announceRestore>> {
  const configured = securityEpoch() - (rootKey.describeRoots().restores ?? 0);
  const count = (loaded: LoadedRoots) => countRestore(loaded, aboveEpoch - configured);
  return { rootRecord: await rootKey.changeRoots(count, null) };
}
