/** Why a backup cannot be made, read or restored. */
export const ARCHIVE_ERRORS = {
  ARCHIVE_EXISTS: 'There is a file of that name already.',
  ARCHIVE_ABSENT: 'There is no file of that name.',
  ARCHIVE_UNREADABLE: 'The file is not an age archive for this identity, or was altered.',
  ARCHIVE_MALFORMED: 'The archive is cut short or is none of this service.',
  ARCHIVE_NEWER: 'The archive is of a newer release.',
  ARCHIVE_NOT_CERTIFIED: 'No enclave of the expected deployment signed for this content.',
  ARCHIVE_OLDER: 'A newer backup than this one is known.',
  BACKUP_DISTURBED:
    'The root key kept changing while the backup was made. Try again when the rotation has ended.',
  BACKUP_SCHEMA: 'A table of the database is unknown to the backup.',
  BACKUP_ROW_TOO_LARGE: 'A row of the database is too large for an archive.',
  RESTORE_NOT_EMPTY: 'The databases are not empty. A backup is restored into empty ones only.',
  DRILL_ADDRESS_MISSING: 'The archive has no account of that address.',
  DRILL_KEY_MISSING: 'The archive has an account without its project or its wallet key.',
} as const;

export class ArchiveError extends Error {
  readonly code: keyof typeof ARCHIVE_ERRORS;
  constructor(code: keyof typeof ARCHIVE_ERRORS, options?: ErrorOptions) {
    super(ARCHIVE_ERRORS[code], options);
    this.name = 'ArchiveError';
    this.code = code;
  }
}
