import type { AuditLog } from '../audit-events.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';

const WRITE_INTERVAL_MS = 60_000;

/** Remembers when API keys were last used, and writes it down now and then: a request never waits for it. */
export interface KeyUse {
  note(apiKeyId: string): void;
  /** Writes what is not written yet; a failure is logged, and the next call tries again. */
  write(): Promise<void>;
  /** Writes for the last time. */
  stop(): Promise<void>;
}

export function startKeyUse({
  store,
  audit,
  nowMs,
}: {
  readonly store: Pick<Store, 'noteApiKeyUse'>;
  readonly audit: AuditLog;
  readonly nowMs: () => number;
}): KeyUse {
  let used = new Map<string, number>();

  async function write(): Promise<void> {
    if (used.size === 0) return;
    const writing = used;
    used = new Map();
    try {
      await store.noteApiKeyUse(writing);
    } catch (error) {
      used = new Map([...writing, ...used]);
      audit.batchNotWritten('api-key-use', error instanceof StoreError ? error.code : 'INTERNAL');
    }
  }

  const timer = setInterval(() => void write(), WRITE_INTERVAL_MS);
  timer.unref();
  return {
    note: (apiKeyId) => void used.set(apiKeyId, nowMs()),
    write,
    async stop() {
      clearInterval(timer);
      await write();
    },
  };
}
