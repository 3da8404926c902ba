import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import type { Metrics } from './metrics.ts';

type Verb = (...parameters: never[]) => Promise<unknown>;

/** The same store, with each of its verbs timed and its failures counted. */
export function measureStore(store: Store, metrics: Pick<Metrics, 'storeVerbDone' | 'storeFailed'>): Store {
  const measured = (name: string, verb: Verb): Verb =>
    async function measuredVerb(...parameters) {
      const startedMs = performance.now();
      try {
        return await verb(...parameters);
      } catch (error) {
        metrics.storeFailed(error instanceof StoreError ? error.code : 'INTERNAL');
        throw error;
      } finally {
        metrics.storeVerbDone(name, startedMs);
      }
    };
  const verbs = Object.entries(store as unknown as Record<string, Verb>);
  return Object.fromEntries(verbs.map(([name, verb]) => [name, measured(name, verb)])) as unknown as Store;
}
