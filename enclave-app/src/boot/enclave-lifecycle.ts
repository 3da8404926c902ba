import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { Phase, StatusReason } from '@strongroom/shared/phase';
import { type AttestedManifest, attestManifest } from '../attest/attested-manifest.ts';
import type { DocumentPurpose } from '../attest/manifest.ts';
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
import { NsmError } from '../nsm/nsm.ts';
import type { ReportedEvent } from '../telemetry/event-ring.ts';
import { observeKms } from '../telemetry/observed-kms.ts';
import { DeploymentHolder } from './deployment-holder.ts';
import { makeDeployment } from './genesis.ts';
import type { Lifecycle, LifecycleOptions } from './lifecycle.ts';
import type { LoadedRoots, WrappingKeys } from './root-changes.ts';

/**
 * Runs the first two steps, configuration and security module, and waits for the root record.
 * @throws NsmError: such an enclave can only say that it failed (failed-lifecycle.ts)
 */
export function startLifecycle(options: LifecycleOptions): Lifecycle {
  return new EnclaveLifecycle(options);
}

/** What KMS or its relay may answer at a check without contradicting anything: signing needs no KMS, and the manifest shows how old the last check is. */
const HARMLESS_AT_RECHECK: readonly StatusReason[] = ['KMS_UNREACHABLE', 'KMS_DENIED', 'CREDENTIALS_MISSING'];

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
  #turn: Promise<void> = Promise.resolve();

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
      attest: (publicKey) => this.#document('kms', null, publicKey).attestationDocument,
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
    return this.#document(this.#phase === 'ready' ? this.#options.clientPurpose : 'status', nonce, null);
  }

  setCredentials(credentials: AwsCredentials): void {
    this.#credentials = credentials;
    this.#report({ event: 'credentials-received', expiresAtMs: credentials.expiresAtMs });
  }

  /** Makes a deployment and forgets it: only the record that comes back from the store opens it again. */
  async runGenesis(): Promise<Uint8Array> {
    const record = await makeDeployment(this.#kms, this.#configuredKeys, this.entropy);
    this.#report({ event: 'genesis-made' });
    this.#enter('needs-root-record');
    return record;
  }

  loadRootRecord(untrustedRecord: Uint8Array | null): Promise<void> {
    return this.#inTurn(() => this.#load(untrustedRecord));
  }

  recheck(): Promise<void> {
    return this.#inTurn(() => this.#recheck());
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

  /** A check must not put back the keys that it began with when others were loaded meanwhile. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #enter(phase: Phase, reason: StatusReason | null = null): void {
    const isChanged = phase !== this.#phase || reason !== this.#reason;
    this.#phase = phase;
    this.#reason = reason;
    if (isChanged) this.#report({ event: 'phase-changed', phase, reason });
  }

  async #load(untrustedRecord: Uint8Array | null): Promise<void> {
    if (this.#phase === 'failed') throw new OperationError('PHASE_REFUSED');
    if (this.#holder.isLoaded) {
      if (untrustedRecord === null) throw new OperationError('ROOT_ALREADY_LOADED');
      if (await this.#holder.openNewer(untrustedRecord)) this.#reportLoaded();
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
      this.#reportLoaded();
      // A token is refused when issued in the second of boot or earlier, so none that is issued from now on is.
      await this.clock.until(Math.floor(this.clock.bootMs / 1000) * 1000 + 1000);
      this.#enter('ready');
    } catch (error) {
      this.#enter('needs-root-record', reasonOf(error));
      throw error;
    }
  }

  async #recheck(): Promise<void> {
    if (this.#phase === 'failed') return;
    try {
      const moduleTimeMs = readNsmTime(this.#options.nsm);
      const driftMs = Math.abs(moduleTimeMs - this.clock.nowMs());
      this.clock.reanchor(moduleTimeMs);
      if (this.#phase === 'ready') {
        await this.#holder.recheckKeys();
        this.#enter('ready');
      }
      this.#report({ event: 'rechecked', keys: this.#holder.keyPolicies.length, driftMs });
    } catch (error) {
      const reason = reasonOf(error);
      this.#report({ event: 'recheck-failed', reason });
      if (HARMLESS_AT_RECHECK.includes(reason)) this.#enter(this.#phase, reason);
      else this.#fail(reason);
    }
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

  #document(
    purpose: DocumentPurpose,
    nonce: Uint8Array | null,
    publicKey: Uint8Array | null,
  ): AttestedManifest {
    const { configuration, nsm } = this.#options;
    const deployment = this.#holder.deployment;
    const manifest = {
      purpose,
      phase: this.#phase,
      deploymentId: deployment?.id ?? null,
      configurationDigest: configuration.digest,
      securityEpoch: this.securityEpoch,
      identityKey: deployment?.identityPublicKey ?? null,
      receiptKey: null,
      root: deployment?.roots.current ?? null,
      kmsPolicies: this.#holder.keyPolicies,
    };
    return attestManifest(nsm, manifest, { nonce, publicKey });
  }
}

function reasonOf(error: unknown): StatusReason {
  return error instanceof OperationError || error instanceof NsmError ? error.code : 'INTERNAL';
}
