import type { AuditLog } from './audit-events.ts';
import type { Secret } from './secrets.ts';
import type { RecoveryEvent, RecoveryNotice, RecoveryNoticeStore } from './store/recovery-notice-store.ts';
import { StoreError } from './store/store-error.ts';

/** Logs every recovery, and posts it to the operator's webhook if there is one. */
export interface RecoveryNotifier {
  /** What the store keeps with the change that the event tells of; null without a webhook. */
  noticeOf(event: RecoveryEvent): RecoveryEvent | null;
  /** Logs what is durable now, and tells the webhook of it. */
  notify(event: RecoveryEvent): void;
  /** What the webhook has not taken stays in the store, for another proxy or the next start. */
  stop(): Promise<void>;
}

export interface RecoveryNotifierOptions {
  /** Secret, since such addresses carry tokens. */
  readonly webhook: Secret | null;
  readonly store: RecoveryNoticeStore;
  readonly audit: Pick<AuditLog, 'recovery' | 'recoveryNotToldOf' | 'recoveryNoticesUnread'>;
  readonly nowMs: () => number;
  readonly retryDelaysMs?: readonly number[];
  readonly pauseMs?: number;
}

const TIMEOUT_MS = 10_000;
/** What another proxy left is found so soon. */
const PAUSE_MS = 5000;
const HOUR_MS = 60 * 60_000;
/** Each longer than an attempt, so that no other proxy begins meanwhile; a week in all. */
const RETRY_DELAYS_MS = [15_000, 60_000, 10 * 60_000, ...Array.from({ length: 7 * 24 }, () => HOUR_MS)];

/** A webhook is told at least once: it may be told again when a proxy ends before it has noted that. */
export function startRecoveryNotifier(options: RecoveryNotifierOptions): RecoveryNotifier {
  const { webhook, audit, pauseMs = PAUSE_MS } = options;
  const logged = (event: RecoveryEvent) => audit.recovery(event);
  if (webhook === null) return { noticeOf: () => null, notify: logged, stop: async () => undefined };
  const stopping = new AbortController();
  let isDue = false;
  let round: Promise<void> | null = null;

  async function tellAll(url: string): Promise<void> {
    while (isDue && !stopping.signal.aborted) {
      isDue = false;
      await tellDue(url, options, stopping.signal);
    }
    round = null;
  }

  function look(): void {
    isDue = true;
    if (webhook !== null) round ??= tellAll(webhook.reveal());
  }

  const timer = setInterval(look, pauseMs);
  timer.unref();
  look();
  return {
    noticeOf: (event) => event,
    notify(event) {
      logged(event);
      look();
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await round;
    },
  };
}

async function tellDue(url: string, options: RecoveryNotifierOptions, stopping: AbortSignal): Promise<void> {
  const { store, audit, nowMs, retryDelaysMs = RETRY_DELAYS_MS } = options;
  const dueAgainAtMs = (attempts: number) => nowMs() + (retryDelaysMs[attempts - 1] ?? HOUR_MS);
  try {
    const taken = await store.takeUpRecoveryNotices(nowMs(), dueAgainAtMs);
    await Promise.all(taken.map((each) => tell(each)));
  } catch (error) {
    audit.recoveryNoticesUnread(error instanceof StoreError ? error.code : 'INTERNAL');
  }

  async function tell({ notice, attempts }: RecoveryNotice): Promise<void> {
    const isTold = await isDelivered(url, notice, stopping);
    const isLast = attempts > retryDelaysMs.length;
    if (isTold || isLast) await store.removeRecoveryNotice(notice);
    if (!isTold) {
      audit.recoveryNotToldOf(notice.projectId, notice.recoveryId, isLast ? 'gave-up' : 'will-retry');
    }
  }
}

async function isDelivered(url: string, event: RecoveryEvent, stopping: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      redirect: 'error',
      signal: AbortSignal.any([stopping, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Its message may name the address.
    return false;
  }
}
