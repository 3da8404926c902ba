import { isRelayError } from '@strongroom/chain-relay/relay-error';
import type { AuditLog } from './audit-events.ts';
import type { Services } from './http/services.ts';
import { refreshUserOperation } from './http/user-operation.ts';
import { StoreError } from './store/store-error.ts';

/** The request that signed an operation is at it alone for this long. */
const FIRST_LOOK_AFTER_MS = 30_000;
/** What no bundler has taken by then is left alone; a client that asks for it has it tried again. */
const LOOKED_AFTER_MS = 24 * 60 * 60_000;
const ROUND_INTERVAL_MS = 5000;
const MAX_DELAY_MS = 10 * 60_000;
const MAX_LOOKED_AT = 500;

export interface RoundServices extends Pick<Services, 'store' | 'relay' | 'nowMs'> {
  readonly audit: Pick<AuditLog, 'outboxFailed'>;
}

/**
 * Hands signed operations over that perhaps no bundler has, on start and from then on, each half as often as the time before. Several
 * proxies may do it at once: a bundler takes the same operation as the same.
 */
export function startUserOperationRounds(services: RoundServices): { stop(): Promise<void> } {
  const runRound = createUserOperationRound(services);
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();
  const begin = () => {
    round = runRound().finally(() => {
      if (timer !== null) timer = setTimeout(begin, ROUND_INTERVAL_MS).unref();
    });
  };
  timer = setTimeout(begin, 0).unref();
  return {
    async stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await round;
    },
  };
}

/** Makes what one round does; it remembers when each operation is due again. */
export function createUserOperationRound(services: RoundServices): () => Promise<void> {
  const { store, audit, nowMs } = services;
  const retries = new Map<string, { readonly dueAtMs: number; readonly delayMs: number }>();

  return async () => {
    try {
      const now = nowMs();
      const made = { fromMs: now - LOOKED_AFTER_MS, toMs: now - FIRST_LOOK_AFTER_MS };
      const unsent = await store.findUnsentUserOperations(made, MAX_LOOKED_AT);
      const open = new Set(unsent.map(({ userOpHash }) => userOpHash));
      for (const known of retries.keys()) if (!open.has(known)) retries.delete(known);
      for (const operation of unsent) {
        const { dueAtMs, delayMs } = retries.get(operation.userOpHash) ?? {
          dueAtMs: 0,
          delayMs: ROUND_INTERVAL_MS,
        };
        if (dueAtMs > now) continue;
        retries.set(operation.userOpHash, {
          dueAtMs: now + delayMs,
          delayMs: Math.min(delayMs * 2, MAX_DELAY_MS),
        });
        await refreshUserOperation(operation, services).catch((error: unknown) => {
          if (!isRelayError(error)) throw error;
        });
      }
    } catch (error) {
      audit.outboxFailed(error instanceof StoreError ? error.code : 'INTERNAL');
    }
  };
}
