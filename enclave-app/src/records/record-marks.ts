import { OperationError } from '@strongroom/shared/channel/operation-error';

interface Mark {
  version: number;
  digest: string;
}

/** Remembers the newest version of each record that was presented, so that within this enclave's life nobody goes back. */
export interface RecordMarks {
  readonly size: number;
  readonly capacity: number;
  /**
   * Raises the mark of `owner` when a record is presented. With `remember` false a record without a mark gets none.
   * @throws OperationError RECORD_OLDER_VERSION, RECORD_FORKED (same version, other digest), MARK_TABLE_FULL
   */
  present(owner: string, version: number, digest: Uint8Array, remember?: boolean): void;
}

/** @param maxMarks records remembered; beyond it new ones are refused, never old ones forgotten */
export function createRecordMarks(maxMarks: number): RecordMarks {
  const marks = new Map<string, Mark>();
  return {
    get size() {
      return marks.size;
    },
    capacity: maxMarks,
    present(owner, version, digest, remember = true) {
      const shortDigest = Buffer.from(digest.buffer, digest.byteOffset, 16).toString('latin1');
      const mark = marks.get(owner);
      if (mark === undefined) {
        if (!remember) return;
        if (marks.size >= maxMarks) throw new OperationError('MARK_TABLE_FULL');
        marks.set(owner, { version, digest: shortDigest });
        return;
      }
      if (version < mark.version) throw new OperationError('RECORD_OLDER_VERSION');
      if (version === mark.version && shortDigest !== mark.digest) throw new OperationError('RECORD_FORKED');
      mark.version = version;
      mark.digest = shortDigest;
    },
  };
}
