import type { ProjectRows, SealedRecord } from '@strongroom/shared/operations/fields';
import type { ChainFamily } from './schema.ts';

/** A project's sealed rows. */
export interface SealedProject {
  readonly rows: ProjectRows;
  readonly importKey: Uint8Array | null;
}

/** Where an account's row is, by the key in whose ascending order a rotation goes. */
export interface AccountPosition {
  readonly family: ChainFamily;
  readonly addressKey: string;
}

/** An account's sealed rows from both databases. */
export interface SealedAccount extends AccountPosition {
  readonly address: string;
  readonly account: SealedRecord;
  readonly vaultId: Uint8Array;
  readonly walletKey: Uint8Array;
}

/** A blob that takes the place of another, if that is still there. */
export interface Replacement {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export interface ProjectReplacement {
  readonly projectId: Uint8Array;
  readonly authority: Replacement;
  readonly clientSecret: Replacement;
  readonly importKey: Replacement | null;
}

export interface AccountReplacement extends AccountPosition {
  readonly projectId: Uint8Array;
  readonly vaultId: Uint8Array;
  readonly account: Replacement;
  readonly walletKey: Replacement;
}

/** What a rotation of the root key does to the databases. A replaced blob is gone; nothing else of a row changes. */
export interface RotationStore {
  /** Replaces the root record if it is still `from`. @returns whether it was */
  replaceRootRecord(replacement: Replacement): Promise<boolean>;
  /** Whether any blob in either database is not of this generation; keys that no account names count too. */
  hasOtherGeneration(generation: number): Promise<boolean>;
  /** Ids of all projects, ascending. */
  listProjectIds(): Promise<readonly Uint8Array[]>;
  findSealedProject(projectId: Uint8Array): Promise<SealedProject | null>;
  /** Positions of all accounts of a project, ascending by the bytes of their key. */
  listAccountPositions(projectId: Uint8Array): Promise<readonly AccountPosition[]>;
  /** The accounts at these positions, in this order; one whose wallet key is missing is left out. */
  readSealedAccounts(
    projectId: Uint8Array,
    positions: readonly AccountPosition[],
  ): Promise<readonly SealedAccount[]>;
  replaceSealedProject(replacement: ProjectReplacement): Promise<void>;
  replaceSealedAccounts(replacements: readonly AccountReplacement[]): Promise<void>;
  /**
   * Erases the blobs that were replaced: SQLite's journals are emptied (its files were overwritten at once), PostgreSQL's dead rows are
   * vacuumed; what its write-ahead log and its backups keep is the operator's.
   * @returns false when somebody who reads just now keeps some of it
   */
  eraseReplaced(): Promise<boolean>;
  /** Keeps it in the place of any of the same or an earlier generation. @param projectId null for the certificate of the whole deployment */
  keepRotationCertificate(
    projectId: Uint8Array | null,
    generation: number,
    certificate: Uint8Array,
  ): Promise<void>;
  findRotationCertificate(projectId: Uint8Array | null): Promise<Uint8Array | null>;
}
