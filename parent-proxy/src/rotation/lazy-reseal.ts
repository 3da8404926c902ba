import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { addressKeyOf } from '../store/account-row.ts';
import type { AccountPosition, RotationStore } from '../store/rotation-store.ts';
import type { AccountKey, SigningRows } from '../store/store.ts';
import { generationOf, resealBatch } from './reseal-batch.ts';

/** Seals rows of an older generation anew because they were used, beside a rotation that goes through all of them. */
export interface LazyReseal {
  /** Takes note of rows that the enclave has just opened. Returns at once and never throws. */
  note(key: AccountKey, rows: Pick<SigningRows, 'project' | 'rows'>): void;
  /** Accounts that wait, and what became of those that did. */
  readonly counts: LazyResealCounts;
  stop(): Promise<void>;
}

export interface LazyResealCounts {
  readonly waiting: number;
  /** Accounts and projects. */
  readonly resealed: number;
  /** Accounts left for the next use or for the rotation. */
  readonly failed: number;
}

export interface LazyResealOptions {
  readonly call: OperationClient['call'];
  readonly store: RotationStore;
  /** The generation that the enclave seals under, as it last said; null while it does not answer. */
  readonly generation: () => number | null;
}

/** More that are used meanwhile are noted at their next use. */
const MAX_WAITING = 256;
/** Between two, so that requests have the enclave nearly to themselves. */
const PAUSE_MS = 20;
const PAUSE_AFTER_FAILURE_MS = 1000;
const CALL_DEADLINE_MS = 5000;

type WaitingAccount = AccountPosition & Pick<AccountKey, 'projectId'>;

export function startLazyReseal({ call, store, generation }: LazyResealOptions): LazyReseal {
  const waiting = new Map<string, WaitingAccount>();
  let working: Promise<void> = Promise.resolve();
  let isWorking = false;
  let isStopped = false;
  let resealed = 0;
  let failed = 0;

  /** By compare-and-set: of several proxies that do the same, or a request that changes the account, the first one wins. */
  async function resealOne({ projectId, family, addressKey }: WaitingAccount): Promise<void> {
    const current = generation();
    const project = await store.findSealedProject(projectId);
    const accounts = await store.readSealedAccounts(projectId, [{ family, addressKey }]);
    if (current === null || project === null) return;
    const batch = { project, accounts, isLast: true };
    const bounded: OperationClient['call'] = (operation, request) =>
      call(operation, request, CALL_DEADLINE_MS);
    resealed += await resealBatch(batch, { call: bounded, store, generation: current });
  }

  async function work(): Promise<void> {
    for (const [id, key] of waiting) {
      if (isStopped) return;
      let pauseMs = PAUSE_MS;
      try {
        await resealOne(key);
      } catch {
        // Best effort: the store's and the enclave's own numbers say what is wrong with them.
        failed += 1;
        pauseMs = PAUSE_AFTER_FAILURE_MS;
      }
      waiting.delete(id);
      await sleep(pauseMs, undefined, { ref: false });
    }
    isWorking = false;
  }

  return {
    note({ projectId, family, address }, { project, rows }) {
      const current = generation();
      if (current === null || isStopped || waiting.size >= MAX_WAITING) return;
      const blobs = [project.authority.sealed, project.clientSecret, rows.account.sealed, rows.walletKey];
      if (!blobs.some((blob) => generationOf(blob) < current)) return;
      const addressKey = addressKeyOf(family, address);
      waiting.set(`${family} ${addressKey}`, { projectId, family, addressKey });
      if (isWorking) return;
      isWorking = true;
      working = work();
    },
    get counts() {
      return { waiting: waiting.size, resealed, failed };
    },
    async stop() {
      isStopped = true;
      await working;
    },
  };
}
