import { createOperationClient, type OperationClient } from '@strongroom/shared/channel/operation-client';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { OperationName } from '@strongroom/shared/operations/registry';
import { runGenesis } from '@strongroom/shared/operations/run-genesis';
import type { Dialer } from '@strongroom/shared/transport/connection';
import type { AuditLog } from '../audit-events.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import { type CredentialSource, CredentialsUnreadable } from './credentials.ts';
import {
  createSupplier,
  type EnclaveStatus,
  isSame,
  type Supplier,
  type SupplierOptions,
  UNSEAL_DEADLINE_MS,
} from './supplier.ts';
import { createTelemetryReader, type TelemetryReader } from './telemetry-reader.ts';

const MAX_IN_FLIGHT = 512;
/** A wallet token from the future is held for up to 30 s before it is acted on. */
const CALL_DEADLINE_MS = 40_000;
const HEARTBEAT_INTERVAL_MS = 1000;
const MAX_HEARTBEAT_INTERVAL_MS = 15_000;
const SUSPICION_MS = 250;
/** The first one that is missed keeps new calls back, the second one gives up those in flight: within nine seconds after the enclave froze. */
const MISSED_UNTIL_LOST = 2;
const TELEMETRY_INTERVAL_MS = 2000;
/** How long a call waits for the enclave to be ready again: one that lost its connection, or came before a restore was counted. */
const RETRY_WITHIN_MS = 5000;
/** What a second attempt is told when the first one, or another life of the enclave, got the token. */
const OF_FIRST_ATTEMPT: readonly string[] = [
  'WALLET_TOKEN_REPLAYED',
  'WALLET_TOKEN_BEFORE_BOOT',
  'PHASE_REFUSED',
];

/** The one enclave behind this proxy: calls go through, and it is kept supplied with what it forgets when it restarts. */
export interface Enclave {
  /** One that may be repeated is, once, when its connection was lost and another one leads to a ready enclave. */
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
  readonly store: Pick<Store, 'insertRootRecordIfAbsent'> & SupplierOptions['store'];
  readonly credentials: CredentialSource;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
}

export function connectEnclave(options: EnclaveOptions): Enclave {
  return new SuppliedEnclave(options);
}

class SuppliedEnclave implements Enclave {
  readonly #options: EnclaveOptions;
  readonly #client: OperationClient;
  readonly #supplier: Supplier;
  readonly #telemetry: TelemetryReader;
  #status: EnclaveStatus | null = null;
  #bootId: Uint8Array | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #comeback: Promise<EnclaveStatus | null> | null = null;
  #failures = 0;
  #missed = 0;
  #lastFailure: string | null = null;
  #telemetryReadAtMs = 0;
  #telemetryFailure: string | null = null;
  #isClosed = false;

  constructor(options: EnclaveOptions) {
    this.#options = options;
    this.#client = createOperationClient({
      connect: () => options.dialer.dial(),
      maxInFlight: MAX_IN_FLIGHT,
      deadlineMs: CALL_DEADLINE_MS,
      onConnected: () => {
        options.metrics.enclaveConnected();
        // It may lead to an enclave that has just started and knows nothing.
        this.#beatIn(0);
      },
    });
    const { call } = this.#client;
    this.#supplier = createSupplier({ ...options, call, onStatus: (status) => this.#see(status) });
    this.#telemetry = createTelemetryReader({ ...options, call });
    options.metrics.enclave.showPhase(null);
    this.#beatIn(0);
  }

  readonly call: OperationClient['call'] = async (operation, request, deadlineMs) => {
    const finished = this.#options.metrics.roundTripStarted(operation.name as OperationName);
    try {
      const response = await this.#callOnceOrTwice(operation, request, deadlineMs);
      finished('OK');
      return response;
    } catch (error) {
      const code = codeOf(error);
      finished(code);
      if (code === 'OVERLOADED') this.#options.metrics.queueRefused('enclave');
      throw error;
    }
  };

  readonly #callOnceOrTwice: OperationClient['call'] = async (operation, request, deadlineMs) => {
    // An enclave that did not answer in time when it was last asked for its status gets nothing more to leave unanswered.
    if (this.#missed > 0) throw new OperationError('DEADLINE_EXCEEDED');
    // Out of a restored store nobody is served, nor shown an epoch, before the enclave has counted the restore.
    if (!this.#supplier.isRestoreCounted && !(await this.#isReadyAgain()))
      throw new OperationError('PHASE_REFUSED');
    try {
      return await this.#client.call(operation, request, deadlineMs);
    } catch (error) {
      const isWorthIt = operation.mode === 'repeatable' && codeOf(error) === 'CONNECTION_LOST';
      if (!isWorthIt || !(await this.#isReadyAgain())) throw error;
      this.#options.metrics.roundTripRetried(operation.name as OperationName);
      try {
        return await this.#client.call(operation, request, deadlineMs);
      } catch (second) {
        throw OF_FIRST_ATTEMPT.includes(codeOf(second)) ? error : second;
      }
    }
  };

  get status(): EnclaveStatus | null {
    return this.#supplier.isRestoreCounted ? this.#status : null;
  }

  settle(): Promise<EnclaveStatus | null> {
    return this.#inTurn(() => this.#supplier.supply());
  }

  runGenesis(): Promise<'made' | 'already-made'> {
    return this.#inTurn(async () => {
      await this.#supplier.supply();
      if ((await this.#options.store.readRootRecord()) !== null) return 'already-made';
      const { rootRecord } = await this.#client.call(runGenesis, {}, UNSEAL_DEADLINE_MS);
      await this.#options.store.insertRootRecordIfAbsent(rootRecord);
      await this.#supplier.supply();
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

  async #isReadyAgain(): Promise<boolean> {
    if (this.#isClosed || this.#missed > 0) return false;
    const impatience = new Promise<null>((resolve) => setTimeout(resolve, RETRY_WITHIN_MS, null).unref());
    // However many calls were lost with the connection, the enclave is asked once.
    this.#comeback ??= this.settle()
      .catch(() => null)
      .finally(() => {
        this.#comeback = null;
      });
    const status = await Promise.race([this.#comeback, impatience]);
    return status?.phase === 'ready';
  }

  #see(status: EnclaveStatus | null): void {
    const { audit, metrics } = this.#options;
    const before = this.#status;
    this.#status = status;
    const isOther = status !== null && this.#bootId !== null && !isSame(this.#bootId, status.bootId);
    if (status !== null) this.#bootId = status.bootId;
    if (isOther) {
      metrics.enclaveRestarted();
      audit.enclaveRestarted();
    }
    if (isOther || status === null) metrics.enclave.forget();
    if (before?.phase === status?.phase && before?.reason === status?.reason) return;
    metrics.enclave.showPhase(status?.phase ?? null);
    audit.enclavePhaseChanged(status?.phase ?? null, status?.reason ?? null);
  }

  #beatIn(delayMs: number): void {
    if (this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#beat(), delayMs);
  }

  async #beat(): Promise<void> {
    try {
      await this.settle();
      this.#failures = 0;
      this.#missed = 0;
      this.#lastFailure = null;
    } catch (error) {
      this.#fail(codeOf(error));
    }
    await this.#readTelemetry();
    this.#beatIn(this.#untilNextBeatMs());
  }

  /** Backs off from an enclave that is not there; one that just missed a beat is asked again at once. */
  #untilNextBeatMs(): number {
    if (this.#missed > 0 && this.#missed < MISSED_UNTIL_LOST) return SUSPICION_MS;
    return Math.min(HEARTBEAT_INTERVAL_MS * 2 ** Math.min(this.#failures, 10), MAX_HEARTBEAT_INTERVAL_MS);
  }

  #fail(code: string): void {
    const { audit, metrics } = this.#options;
    this.#failures += 1;
    if (code !== this.#lastFailure) audit.enclaveNotSupplied(code);
    this.#lastFailure = code;
    if (this.#status !== null) return;
    metrics.heartbeatMissed();
    this.#missed = code === 'DEADLINE_EXCEEDED' ? this.#missed + 1 : 0;
    if (this.#missed === MISSED_UNTIL_LOST) this.#client.disconnect();
  }

  async #readTelemetry(): Promise<void> {
    const phase = this.#status?.phase;
    const isDue = performance.now() - this.#telemetryReadAtMs >= TELEMETRY_INTERVAL_MS;
    if (!isDue || phase === undefined || phase === 'starting' || phase === 'failed') return;
    this.#telemetryReadAtMs = performance.now();
    const failure = await this.#telemetry.read();
    if (failure !== null && failure !== this.#telemetryFailure) this.#options.audit.enclaveNotRead(failure);
    this.#telemetryFailure = failure;
  }
}

const KNOWN_ERRORS = [OperationError, StoreError, CredentialsUnreadable] as const;
function codeOf(error: unknown): string {
  return KNOWN_ERRORS.some((known) => error instanceof known) ? (error as OperationError).code : 'INTERNAL';
}
