import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { SealedRecord } from '@strongroom/shared/operations/fields';
import type { Deployment } from '../keys/root-record.ts';
import { reseal, seal, unseal } from '../keys/seal.ts';
import { type AccountRecord, decodeAccountRecord, encodeAccountRecord } from './account-record.ts';
import type { Digested } from './authority-record.ts';
import type { OpenedProject } from './projects.ts';
import type { RecordMarks } from './record-marks.ts';

/** Opens and seals the records and keys of accounts. */
export interface Accounts {
  /**
   * Opens the record of the account with this address.
   * @throws OperationError SEALED_BLOB_REFUSED, RECORD_MISMATCH, RECORD_OLDER_VERSION, RECORD_FORKED, MARK_TABLE_FULL
   */
  open(project: OpenedProject, address: string, untrustedRecord: SealedRecord): Digested<AccountRecord>;
  seal(record: AccountRecord): SealedRecord;
  /**
   * Seals record and key under the root key that seals now: same bytes, same version, same digest.
   * @throws as `open`
   */
  reseal(project: OpenedProject, account: PresentedAccount): ResealedAccount;
  sealWalletKey(project: OpenedProject, record: AccountRecord, secretKey: Uint8Array): Uint8Array;
  /**
   * Lends the account's secret key to one call and zeroes it after.
   * @throws OperationError SEALED_BLOB_REFUSED
   */
  withWalletKey<T>(
    project: OpenedProject,
    record: AccountRecord,
    lending: { untrustedWalletKey: Uint8Array; use: (secretKey: Uint8Array) => T },
  ): T;
}

/** An account's rows as the parent presents them. */
export interface PresentedAccount {
  readonly address: string;
  readonly account: SealedRecord;
  readonly walletKey: Uint8Array;
}

export interface ResealedAccount {
  readonly account: Uint8Array;
  readonly walletKey: Uint8Array;
}

const WALLET_VERSION = 1;

export function createAccounts(deployment: Deployment, marks: RecordMarks): Accounts {
  const recordContext = (projectId: Uint8Array, address: string, version: number) =>
    ({
      kind: 'account',
      deploymentId: deployment.id,
      projectId,
      objectId: Buffer.from(address),
      version,
    }) as const;
  const walletContext = ({ projectId, vaultId, curve, publicKey }: AccountRecord) =>
    ({
      kind: 'wallet',
      deploymentId: deployment.id,
      projectId,
      objectId: vaultId,
      version: WALLET_VERSION,
      wallet: { curve, publicKey },
    }) as const;

  function open(project: OpenedProject, address: string, { version, sealed }: SealedRecord) {
    const context = recordContext(project.projectId, address, version);
    const plaintext = unseal(deployment.roots.ofGeneration, context, sealed);
    const opened = decodeAccountRecord(plaintext);
    const { record } = opened;
    const isConsistent =
      record.version === version &&
      record.address === address &&
      Buffer.compare(record.projectId, project.projectId) === 0;
    if (!isConsistent) throw new OperationError('RECORD_MISMATCH');
    // A created account has one first version, with a key of its own; only later ones, and imports, can have rivals.
    const hasRivals = version > 1 || record.origin === 'imported';
    marks.present(markOf(project.projectId, address), version, opened.digest, hasRivals);
    return { opened, plaintext, context };
  }

  return {
    open: (project, address, record) => open(project, address, record).opened,
    reseal(project, { address, account, walletKey }) {
      const { opened, plaintext, context } = open(project, address, account);
      return {
        account: seal(deployment.roots.sealing, context, plaintext),
        walletKey: reseal(project.keys, walletContext(opened.record), walletKey),
      };
    },
    seal: (record) => ({
      version: record.version,
      sealed: seal(
        deployment.roots.sealing,
        recordContext(record.projectId, record.address, record.version),
        encodeAccountRecord(record),
      ),
    }),
    sealWalletKey: (project, record, secretKey) =>
      seal(project.keys.sealing, walletContext(record), secretKey),
    withWalletKey(project, record, { untrustedWalletKey, use }) {
      const secretKey = unseal(project.keys.ofGeneration, walletContext(record), untrustedWalletKey);
      try {
        return use(secretKey);
      } finally {
        secretKey.fill(0);
      }
    },
  };
}

function markOf(projectId: Uint8Array, address: string): string {
  return `${Buffer.from(projectId.buffer, projectId.byteOffset, 16).toString('latin1')}${address}`;
}
