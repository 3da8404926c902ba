import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { activateRootKey } from '@strongroom/shared/operations/activate-root-key';
import { announceRootKey } from '@strongroom/shared/operations/announce-root-key';
import { certifyRotation } from '@strongroom/shared/operations/certify-rotation';
import { getRootKey } from '@strongroom/shared/operations/get-root-key';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { retireRootKey } from '@strongroom/shared/operations/retire-root-key';
import { reviewRows } from '@strongroom/shared/operations/review-rows';
import type { RotationStore } from '../store/rotation-store.ts';
import type { Store } from '../store/store.ts';
import { countAccounts, rowBatches } from './account-batches.ts';
import { resealBatch } from './reseal-batch.ts';
import { changeRootRecord, presentRootRecord } from './root-record.ts';
import type { RotationProgress, RotationStep } from './rotation-progress.ts';

export interface RotationOptions {
  readonly call: OperationClient['call'];
  readonly store: RotationStore & Pick<Store, 'readRootRecord'>;
  /** The generation to end with; null continues a rotation under way, else begins one. */
  readonly generation: number | null;
  /** KMS keys that wrap the new root key; null for all of the enclave's configuration. */
  readonly keyArns: readonly string[] | null;
  /** How long every proxy may take to hand a new root record to its enclave, and a request in work to end. */
  readonly settleMs: number;
  /** Of the time, how much the work may take: 1 for all of it. */
  readonly share: number;
  readonly report: (progress: RotationProgress) => void;
}

export interface RotationOutcome {
  readonly generation: number;
  /** Of the whole deployment. */
  readonly certificate: Uint8Array;
  /** False when something kept reading a database, so that its journal still has what was replaced; running the command again erases it. */
  readonly isErased: boolean;
}

type RootKeyState = ResponseOf<typeof getRootKey>;

const MAX_PASSES = 10;
const ERASE_INTERVAL_MS = 100;

/**
 * Rotates the root key while the service signs. Every step is durable before the next, so after a crash at any moment the same call goes
 * on where that one was.
 * @throws OperationError, StoreError; ROTATION_REFUSED when the state of the deployment does not lead to `generation`
 */
export async function rotateRootKey(options: RotationOptions): Promise<RotationOutcome> {
  return await new Rotation(options).run();
}

class Rotation {
  readonly #options: RotationOptions;
  #generation = 0;
  #totalAccounts = 0;
  #resealed = 0;
  #stepStartedMs = 0;

  constructor(options: RotationOptions) {
    this.#options = options;
  }

  async run(): Promise<RotationOutcome> {
    const { call, store, keyArns } = this.#options;
    await presentRootRecord(this.#options);
    let state = await this.#state();
    this.#generation = this.#target(state);
    if (isFinished(state, this.#generation)) return await this.#finished();
    this.#totalAccounts = await countAccounts(store);
    if (newestOf(state) < this.#generation) {
      this.#step('announce');
      const request = { keyArns: keyArns && [...keyArns] };
      await this.#change(newestOf(state), () => call(announceRootKey, request));
      state = await this.#state();
    }
    if (state.generation < this.#generation) {
      await this.#settle();
      this.#step('activate');
      await this.#change(this.#generation, () => call(activateRootKey, {}));
    }
    // What was sealed under the old key by requests and enclaves that had not heard yet is found by the pass after the wait.
    await this.#resealAll();
    await this.#settle();
    const certificate = await this.#reviewUntilClean();
    await this.#settle();
    this.#step('retire');
    await this.#change(this.#generation, () => call(retireRootKey, {}));
    return await this.#erased(certificate);
  }

  async #state(): Promise<RootKeyState> {
    return await this.#options.call(getRootKey, {});
  }

  /**
   * Whoever was away may find that the rotation has ended without him, and that the next one is under way: that one is not his.
   * @param newest generation that is expected to be the newest
   */
  async #change(newest: number, change: Parameters<typeof changeRootRecord>[1]): Promise<void> {
    await changeRootRecord(this.#options, async () => {
      if (newestOf(await this.#state()) !== newest) throw new OperationError('ROTATION_REFUSED');
      return await change();
    });
  }

  #target(state: RootKeyState): number {
    const newest = newestOf(state);
    const isUnderWay = state.roots.length > 1;
    const target = this.#options.generation ?? (isUnderWay ? newest : newest + 1);
    const isReachable = target === newest || (target === newest + 1 && !isUnderWay);
    if (!isReachable) throw new OperationError('ROTATION_REFUSED');
    return target;
  }

  async #finished(): Promise<RotationOutcome> {
    const certificate = await this.#options.store.findRotationCertificate(null);
    if (certificate === null) throw new OperationError('ROTATION_REFUSED');
    return await this.#erased(certificate);
  }

  /** Readers come and go, so the journal of a busy database is empty after a few looks, or when the command is run again. */
  async #erased(certificate: Uint8Array): Promise<RotationOutcome> {
    let isErased = false;
    for (let attempt = 1; !isErased && attempt <= MAX_PASSES; attempt++) {
      if (attempt > 1) await sleep(ERASE_INTERVAL_MS);
      isErased = await this.#options.store.eraseReplaced();
    }
    this.#step('done');
    return { generation: this.#generation, certificate, isErased };
  }

  /** A row of the old generation that turns up in the review is sealed anew, and the review begins again. */
  async #reviewUntilClean(): Promise<Uint8Array> {
    for (let pass = 1; ; pass++) {
      await this.#resealAll();
      try {
        return await this.#review();
      } catch (error) {
        const isRowOld = error instanceof OperationError && error.code === 'ROTATION_REFUSED';
        if (!isRowOld || pass === MAX_PASSES) throw error;
      }
    }
  }

  async #resealAll(): Promise<void> {
    const { call, store } = this.#options;
    let accounts = 0;
    this.#step('reseal');
    if (!(await store.hasOtherGeneration(this.#generation))) return;
    for await (const batch of rowBatches(store)) {
      const startedMs = performance.now();
      const resealed = await resealBatch(batch, { call, store, generation: this.#generation });
      this.#resealed += resealed;
      accounts += batch.accounts.length;
      this.#report('reseal', accounts);
      if (resealed > 0) await this.#yieldTime(startedMs);
    }
  }

  async #review(): Promise<Uint8Array> {
    const { call, store } = this.#options;
    let reviewId: Uint8Array | null = null;
    let accounts = 0;
    this.#step('review');
    for await (const { project, accounts: rows, isLast } of rowBatches(store)) {
      const startedMs = performance.now();
      const seen: ResponseOf<typeof reviewRows> = await call(reviewRows, {
        reviewId,
        project: project.rows,
        importKey: project.importKey,
        accounts: rows.map(({ address, account, walletKey }) => ({ address, account, walletKey })),
        part: isLast ? 'last' : 'inner',
      });
      ({ reviewId } = seen);
      if (seen.certificate !== null) {
        await store.keepRotationCertificate(project.rows.projectId, this.#generation, seen.certificate);
      }
      accounts += rows.length;
      this.#report('review', accounts);
      await this.#yieldTime(startedMs);
    }
    const { certificate } = await call(certifyRotation, { reviewId });
    await store.keepRotationCertificate(null, this.#generation, certificate);
    return certificate;
  }

  /** Leaves requests the rest of the time. */
  async #yieldTime(startedMs: number): Promise<void> {
    const { share } = this.#options;
    if (share >= 1) return;
    await sleep((performance.now() - startedMs) * (1 / share - 1));
  }

  async #settle(): Promise<void> {
    this.#step('wait');
    await sleep(this.#options.settleMs);
  }

  #step(step: RotationStep): void {
    this.#stepStartedMs = performance.now();
    this.#report(step, 0);
  }

  #report(step: RotationStep, accounts: number): void {
    this.#options.report({
      step,
      generation: this.#generation,
      accounts,
      totalAccounts: this.#totalAccounts,
      resealed: this.#resealed,
      elapsedMs: performance.now() - this.#stepStartedMs,
    });
  }
}

function newestOf({ roots }: RootKeyState): number {
  return Math.max(...roots.map(({ generation }) => generation));
}

/** Nothing but the target is left, and it came by a rotation. */
function isFinished(state: RootKeyState, target: number): boolean {
  return state.roots.length === 1 && state.generation === target;
}
