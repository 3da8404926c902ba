import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { Phase, StatusReason } from '@strongroom/shared/phase';
import type { AttestedManifest } from '../attest/attested-manifest.ts';
import { type AnchoredClock, anchorClock } from '../clock.ts';
import { type Entropy, mixedEntropy } from '../keys/entropy.ts';
import {
  type Deployment,
  decodeRootRecord,
  type RootRecord,
  type RootRecordBody,
} from '../keys/root-record.ts';
import { type AwsCredentials, createKms, type Kms, type KmsOptions } from '../kms/kms.ts';
import { lockAllPcrs, readNsmTime, readOwnPcrs } from '../nsm/measurements.ts';
import type { ReportedEvent } from '../telemetry/event-ring.ts';
import { observeKms } from '../telemetry/observed-kms.ts';
import { DeploymentHolder } from './deployment-holder.ts';
import { attestEnclave, type DocumentRequest } from './enclave-document.ts';
import { makeDeployment } from './genesis.ts';
import type { Lifecycle, LifecycleOptions } from './lifecycle.ts';
import type { LoadedRoots, WrappingKeys } from './root-changes.ts';
import { isHarmlessAtRecheck, reasonOf } from './status-reasons.ts';
import { createTurns } from './turns.ts';

/**
 * Runs the first two steps, configuration and security module, and waits for the root record.
 * @throws NsmError: such an enclave can only say that it failed (failed-lifecycle.ts)
 */
export function startLifecycle(options: LifecycleOptions): Lifecycle {
  return new EnclaveLifecycle(options);
}

class EnclaveLifecycle implements Lifecycle {
  readonly bootId = randomBytes(16);
  readonly clock: AnchoredClock;
  readonly entropy: Entropy;
  readonly #options: LifecycleOptions;
  readonly #kms: Kms;
  readonly #holder: DeploymentHolder;
  #phase: Phase = 'starting';
  #reason: StatusReason | null = null;
  #credentials: AwsCredentials | null = null;
  /** What waits for KMS and changes phase or keys runs alone: a check must not put back the keys that it began with. */
  readonly #inTurn = createTurns();

  constructor(options: LifecycleOptions) {
    const { nsm } = options;
    this.#options = options;
    const ownPcrs = readOwnPcrs(nsm);
    lockAllPcrs(nsm);
    this.clock = anchorClock(readNsmTime(nsm));
    this.entropy = mixedEntropy(nsm);
    this.#kms = observeKms(this.#createKms(ownPcrs), this.#configuredKeys, options.telemetry);
    this.#holder = new DeploymentHolder(this.#kms, this.clock, this.#configuredKeys);
    this.#enter('needs-root-record');
  }

  #createKms(ownPcrs: KmsOptions['ownPcrs']): Kms {
    const { configuration, kmsRelay, kmsTrustRootsPem } = this.#options;
    return createKms({
      relay: kmsRelay,
      trustRootsPem: kmsTrustRootsPem,
      credentials: () => this.#credentials,
      attest: (publicKey) => this.#document({ purpose: 'kms', nonce: null, publicKey }).attestationDocument,
      instanceRole: configuration.kms.instanceRole,
      administrator: configuration.kms.administrator,
      ownPcrs,
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  get reason(): StatusReason | null {
    return this.#reason;
  }

  get credentialsExpireAtMs(): number | null {
    return this.#credentials?.expiresAtMs ?? null;
  }

  get keyPoliciesCheckedAtMs(): number | null {
    const times = this.#holder.keyPolicies.map(({ checkedAtMs }) => checkedAtMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  get deployment(): Deployment {
    if (this.#holder.deployment === null) throw new OperationError('PHASE_REFUSED');
    return this.#holder.deployment;
  }

  attest(nonce: Uint8Array): AttestedManifest {
    const purpose = this.#phase === 'ready' ? this.#options.clientPurpose : 'status';
    return this.#document({ purpose, nonce, publicKey: null });
  }

  setCredentials(credentials: AwsCredentials): void {
    this.#credentials = credentials;
    this.#report({ event: 'credentials-received', expiresAtMs: credentials.expiresAtMs });
  }

  /** Makes a deployment and forgets it: only the record that comes back from the store opens it again. */
  runGenesis(): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      if (this.#phase !== 'needs-genesis') throw new OperationError('PHASE_REFUSED');
      const record = await makeDeployment(this.#kms, this.#configuredKeys, this.entropy);
      this.#assertNotFailed();
      this.#report({ event: 'genesis-made' });
      this.#enter('needs-root-record');
      return record;
    });
  }

  loadRootRecord(untrustedRecord: Uint8Array | null): Promise<void> {
    return this.#inTurn(() => this.#load(untrustedRecord));
  }

  async recheck(): Promise<void> {
    // The clock is not asked in turn: whoever keeps KMS silent could keep it from being compared.
    const driftMs = this.#recheckClock();
    if (driftMs !== null) await this.#inTurn(() => this.#recheckKeys(driftMs));
  }

  async changeRoots(
    change: (loaded: LoadedRoots, wrapping: WrappingKeys) => Uint8Array | Promise<Uint8Array>,
    keyArns: readonly string[] | null,
  ): Promise<Uint8Array> {
    const loaded = this.#holder.roots;
    const chosen = keyArns ?? this.#configuredKeys;
    if (chosen.length === 0 || !chosen.every((arn) => this.#configuredKeys.includes(arn))) {
      throw new OperationError('ROTATION_REFUSED');
    }
    return await change(loaded, { kms: this.#kms, keyArns: [...new Set(chosen)] });
  }

  openApart(record: RootRecord): Promise<Deployment> {
    return this.#holder.openApart(record);
  }

  get securityEpoch(): number {
    const restores = this.#holder.isLoaded ? (this.#holder.record.restores ?? 0) : 0;
    return this.#options.configuration.securityEpoch + restores;
  }

  describeRoots(): RootRecordBody {
    return this.#holder.record;
  }

  get #configuredKeys(): readonly string[] {
    return this.#options.configuration.kms.keys.map((key) => key.arn);
  }

  /** What waited for KMS ends in an enclave that may have failed meanwhile, and must not bring its keys back. */
  #assertNotFailed(): void {
    if (this.#phase !== 'failed') return;
    this.#holder.forget();
    throw new OperationError('PHASE_REFUSED');
  }

  /** Nothing leads out of `failed`. */
  #enter(phase: Phase, reason: StatusReason | null = null): void {
    if (this.#phase === 'failed') return;
    const isChanged = phase !== this.#phase || reason !== this.#reason;
    this.#phase = phase;
    this.#reason = reason;
    if (isChanged) this.#report({ event: 'phase-changed', phase, reason });
  }

  async #load(untrustedRecord: Uint8Array | null): Promise<void> {
    this.#assertNotFailed();
    if (this.#holder.isLoaded) {
      if (untrustedRecord === null) throw new OperationError('ROOT_ALREADY_LOADED');
      const isNewer = await this.#holder.openNewer(untrustedRecord);
      this.#assertNotFailed();
      if (isNewer) this.#reportLoaded();
      return;
    }
    if (untrustedRecord === null) {
      this.#enter('needs-genesis');
      return;
    }
    const record = decodeRootRecord(untrustedRecord);
    this.#enter('unsealing');
    try {
      await this.#holder.open(untrustedRecord, record);
      this.#assertNotFailed();
      this.#reportLoaded();
      // A token is refused when issued in the second of boot or earlier, so none that is issued from now on is.
      await this.clock.until(Math.floor(this.clock.bootMs / 1000) * 1000 + 1000);
      this.#assertNotFailed();
      this.#enter('ready');
    } catch (error) {
      this.#enter('needs-root-record', reasonOf(error));
      throw error;
    }
  }

  /** @returns drift of the clock against the module's, or null when the enclave has failed */
  #recheckClock(): number | null {
    if (this.#phase === 'failed') return null;
    try {
      const moduleTimeMs = readNsmTime(this.#options.nsm);
      const driftMs = Math.abs(moduleTimeMs - this.clock.nowMs());
      this.clock.reanchor(moduleTimeMs);
      return driftMs;
    } catch (error) {
      this.#recheckFailed(error);
      return null;
    }
  }

  async #recheckKeys(driftMs: number): Promise<void> {
    try {
      if (this.#phase === 'ready') await this.#holder.recheckKeys();
      this.#assertNotFailed();
      if (this.#phase === 'ready') this.#enter('ready');
      this.#report({ event: 'rechecked', keys: this.#holder.keyPolicies.length, driftMs });
    } catch (error) {
      if (this.#phase !== 'failed') this.#recheckFailed(error);
    }
  }

  #recheckFailed(error: unknown): void {
    const reason = reasonOf(error);
    this.#report({ event: 'recheck-failed', reason });
    if (isHarmlessAtRecheck(reason)) this.#enter(this.#phase, reason);
    else this.#fail(reason);
  }

  #fail(reason: StatusReason): void {
    this.#enter('failed', reason);
    this.#holder.forget();
  }

  #reportLoaded(): void {
    const { version } = this.#holder.record;
    const { generation } = this.deployment.roots.current;
    this.#report({ event: 'root-record-loaded', version, generation });
  }

  #report(event: ReportedEvent): void {
    this.#options.telemetry.events.report(event);
  }

  #document(request: DocumentRequest): AttestedManifest {
    const { phase, securityEpoch } = this;
    return attestEnclave(this.#options, { phase, securityEpoch, holder: this.#holder }, request);
  }
}
