import type { AuditLog, RecoveryEvent } from './audit-events.ts';
import type { Secret } from './secrets.ts';

/** Logs every recovery, and posts it to the operator's webhook if there is one. */
export interface RecoveryNotifier {
  notify(event: RecoveryEvent): void;
  /** Gives up what is still to be tried again, and says so in the log: nothing remembers it. */
  stop(): void;
}

export interface RecoveryNotifierOptions {
  /** Secret, since such addresses carry tokens. */
  readonly webhook: Secret | null;
  readonly audit: Pick<AuditLog, 'recovery' | 'recoveryNotToldOf'>;
  readonly retryDelaysMs?: readonly number[];
}

const TIMEOUT_MS = 10_000;
/** An hour and a quarter in all; the shortest waiting period in production is longer. */
const RETRY_DELAYS_MS = [1000, 10_000, 60_000, 10 * 60_000, 60 * 60_000];

export function createRecoveryNotifier({
  webhook,
  audit,
  retryDelaysMs = RETRY_DELAYS_MS,
}: RecoveryNotifierOptions): RecoveryNotifier {
  const waiting = new Map<NodeJS.Timeout, RecoveryEvent>();
  let isStopped = false;

  async function deliver(url: string, event: RecoveryEvent, attempt: number): Promise<void> {
    if (await isDelivered(url, event)) return;
    const delayMs = isStopped ? undefined : retryDelaysMs[attempt];
    if (delayMs === undefined) return giveUp(event);
    audit.recoveryNotToldOf(event.projectId, event.recoveryId, 'will-retry');
    const timer = setTimeout(() => {
      waiting.delete(timer);
      void deliver(url, event, attempt + 1);
    }, delayMs);
    waiting.set(timer, event);
  }

  function giveUp({ projectId, recoveryId }: RecoveryEvent): void {
    audit.recoveryNotToldOf(projectId, recoveryId, 'gave-up');
  }

  return {
    notify(event) {
      audit.recovery(event);
      if (webhook !== null) void deliver(webhook.reveal(), event, 0);
    },
    stop() {
      isStopped = true;
      for (const [timer, event] of waiting) {
        clearTimeout(timer);
        giveUp(event);
      }
      waiting.clear();
    },
  };
}

async function isDelivered(url: string, event: RecoveryEvent): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Its message may name the address.
    return false;
  }
}
