/** What the operator is told of a recovery, so that he can tell the owner in time: ids and times, nothing secret. */
export interface RecoveryEvent {
  readonly event: 'recovery-started' | 'recovery-vetoed' | 'recovery-completed';
  /** Hex. */
  readonly projectId: string;
  /** Hex. */
  readonly recoveryId: string;
  /** ISO 8601; null when there is nothing to wait for. */
  readonly completableAt: string | null;
}

/** An event that nobody is known to have taken. */
export interface RecoveryNotice {
  readonly notice: RecoveryEvent;
  /** How often it was taken up, this time included. */
  readonly attempts: number;
}

/** Notices are kept by `replaceAuthority`, in the transaction of what they tell of. */
export interface RecoveryNoticeStore {
  /**
   * Takes up what is due, the oldest first, some at a time; of proxies that race, one gets each.
   * @param dueAgainAtMs when a notice that was taken up so often is due again, unless it is removed before
   */
  takeUpRecoveryNotices(
    nowMs: number,
    dueAgainAtMs: (attempts: number) => number,
  ): Promise<readonly RecoveryNotice[]>;
  /** Once it is told, or given up. */
  removeRecoveryNotice(notice: RecoveryEvent): Promise<void>;
}
