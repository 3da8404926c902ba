import { createOperationClient, type OperationClient } from '@strongroom/shared/channel/operation-client';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { runGenesis } from '@strongroom/shared/operations/run-genesis';
import { setCredentials } from '@strongroom/shared/operations/set-credentials';
import type { Dialer } from '@strongroom/shared/transport/connection';
import type { AuditLog } from '../audit-events.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import type { CredentialSource } from './credentials.ts';

export type EnclaveStatus = ResponseOf<typeof getStatus>;

const MAX_IN_FLIGHT = 512;
/** A wallet token from the future is held for up to 30 s before it is acted on. */
const CALL_DEADLINE_MS = 40_000;
const STATUS_DEADLINE_MS = 3000;
/** Unsealing asks KMS a few times. */
const UNSEAL_DEADLINE_MS = 60_000;
const WATCH_INTERVAL_MS = 1000;
const MAX_WATCH_INTERVAL_MS = 15_000;
const CREDENTIALS_MARGIN_MS = 5 * 60_000;

/** The one enclave behind this proxy: calls go through, and it is kept supplied with what it forgets when it restarts. */
export interface Enclave {
  readonly call: OperationClient['call'];
  /** What it last said of itself; null while it does not answer. */
  readonly status: EnclaveStatus | null;
  /** Hands over what the enclave lacks now rather than at the next look, and says where that brought it. */
  settle(): Promise<EnclaveStatus | null>;
  /**
   * Makes the deployment: an operator's act, never done by itself. The record that the store keeps is the one that counts.
   * @throws OperationError, StoreError
   */
  runGenesis(): Promise<'made' | 'already-made'>;
  close(): void;
}

export interface EnclaveOptions {
  readonly dialer: Dialer;
  readonly store: Pick<Store, 'readRootRecord' | 'insertRootRecordIfAbsent'>;
  readonly credentials: CredentialSource;
  readonly audit: AuditLog;
  readonly nowMs: () => number;
}

export function connectEnclave(options: EnclaveOptions): Enclave {
  return new SuppliedEnclave(options);
}

class SuppliedEnclave implements Enclave {
  /** An enclave that did not answer in time when it was last asked for its status gets nothing more to leave unanswered. */
  readonly call: OperationClient['call'] = async (operation, request, deadlineMs) => {
    if (this.#lastFailure === 'DEADLINE_EXCEEDED') throw new OperationError('DEADLINE_EXCEEDED');
    return await this.#client.call(operation, request, deadlineMs);
  };
  readonly #options: EnclaveOptions;
  readonly #client: OperationClient;
  #status: EnclaveStatus | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #lastFailure: string | null = null;
  /** The root record that this enclave took last. */
  #presented: Uint8Array | null = null;
  #isClosed = false;

  constructor(options: EnclaveOptions) {
    this.#options = options;
    this.#client = createOperationClient({
      connect: () => options.dialer.dial(),
      maxInFlight: MAX_IN_FLIGHT,
      deadlineMs: CALL_DEADLINE_MS,
      // A new connection may lead to an enclave that has just started and knows nothing.
      onConnected: () => this.#watchIn(0),
    });
    this.#watchIn(0);
  }

  get status(): EnclaveStatus | null {
    return this.#status;
  }

  settle(): Promise<EnclaveStatus | null> {
    return this.#inTurn(() => this.#supply());
  }

  runGenesis(): Promise<'made' | 'already-made'> {
    return this.#inTurn(async () => {
      await this.#supply();
      if ((await this.#options.store.readRootRecord()) !== null) return 'already-made';
      const { rootRecord } = await this.#client.call(runGenesis, {}, UNSEAL_DEADLINE_MS);
      await this.#options.store.insertRootRecordIfAbsent(rootRecord);
      await this.#supply();
      this.#options.audit.genesisRun();
      return 'made';
    });
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#client.close();
  }

  /** One thing at a time: two presentations of the root record at once would refuse each other. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #watchIn(delayMs: number): void {
    if (this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#watch(), delayMs);
  }

  async #watch(): Promise<void> {
    const before = this.#status;
    try {
      await this.settle();
      this.#failures = 0;
      this.#lastFailure = null;
    } catch (error) {
      this.#failures++;
      const code = codeOf(error);
      if (code !== this.#lastFailure) this.#options.audit.enclaveNotSupplied(code);
      this.#lastFailure = code;
    }
    if (before?.phase !== this.#status?.phase)
      this.#options.audit.enclavePhaseChanged(this.#status?.phase ?? null);
    this.#watchIn(Math.min(WATCH_INTERVAL_MS * 2 ** Math.min(this.#failures, 10), MAX_WATCH_INTERVAL_MS));
  }

  async #supply(): Promise<EnclaveStatus> {
    const status = await this.#readStatus();
    if (await this.#handOverMissing(status)) return await this.#readStatus();
    return status;
  }

  async #readStatus(): Promise<EnclaveStatus> {
    try {
      this.#status = await this.#client.call(getStatus, {}, STATUS_DEADLINE_MS);
      return this.#status;
    } catch (error) {
      this.#status = null;
      throw error;
    }
  }

  async #handOverMissing({ phase, credentialsExpireAtMs }: EnclaveStatus): Promise<boolean> {
    if (phase === 'starting' || phase === 'failed') return false;
    let isChanged = false;
    if ((credentialsExpireAtMs ?? 0) < this.#options.nowMs() + CREDENTIALS_MARGIN_MS) {
      await this.#client.call(setCredentials, await this.#options.credentials.read());
      isChanged = true;
    }
    if (phase !== 'needs-root-record' && phase !== 'needs-genesis' && phase !== 'ready') return isChanged;
    const rootRecord = await this.#options.store.readRootRecord();
    // Told of a newer one, it goes on signing with the keys that it has until the new ones are open.
    if (phase === 'ready' && (rootRecord === null || this.#isPresented(rootRecord))) return isChanged;
    // Told once that there is none, the enclave waits; told again, it would only say so again.
    if (rootRecord === null && phase === 'needs-genesis') return isChanged;
    await this.#client.call(loadRootRecord, { rootRecord }, UNSEAL_DEADLINE_MS);
    this.#presented = rootRecord;
    return true;
  }

  #isPresented(rootRecord: Uint8Array): boolean {
    return this.#presented !== null && Buffer.compare(this.#presented, rootRecord) === 0;
  }
}

function codeOf(error: unknown): string {
  return error instanceof OperationError || error instanceof StoreError ? error.code : 'INTERNAL';
}
