export type StoreErrorCode =
  /** The database does not answer, is locked for too long, or the disk failed. */
  | 'STORE_UNAVAILABLE'
  | 'STORE_FULL'
  | 'STORE_READ_ONLY'
  | 'STORE_CORRUPT'
  /** The file or server holds something else than this database, or half of another store. */
  | 'STORE_WRONG_DATABASE'
  /** A newer release has migrated the database; this one would misread it. */
  | 'STORE_NEWER_SCHEMA'
  /** The server refuses the user or its password, or the user lacks a right. */
  | 'STORE_ACCESS_REFUSED'
  /** The server has no TLS, or a certificate that is not its own or of no trusted authority. */
  | 'STORE_TLS_REFUSED'
  /** Another transaction took the same rows first; the whole transaction may be tried again. */
  | 'STORE_SERIALIZATION'
  | 'STORE_UNIQUE_VIOLATION'
  /** A row names another one that is not there, or goes while it is named. */
  | 'STORE_REFERENCE_VIOLATION';

/** What kept the store from doing its work. The cause is for the operator's debugger, never for a client or a log line. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, options?: ErrorOptions) {
    super(code, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_UNIQUE_VIOLATION';
}

export function isReferenceViolation(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_REFERENCE_VIOLATION';
}

/** Ends a transaction without its changes: a claim must not be finished by a record that was not replaced. */
export class VersionConflict extends Error {}
