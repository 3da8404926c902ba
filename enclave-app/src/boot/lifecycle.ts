import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { Phase } from '@strongroom/shared/phase';
import { type CheckedKeyPolicy, type DocumentPurpose, encodeManifest } from '../attest/manifest.ts';
import { type AnchoredClock, anchorClock } from '../clock.ts';
import type { MeasuredConfiguration } from '../config.ts';
import { type Entropy, mixedEntropy } from '../keys/entropy.ts';
import {
  type Deployment,
  decodeRootRecord,
  openDeployment,
  type RootRecord,
  type RootRecordBody,
} from '../keys/root-record.ts';
import { type AwsCredentials, createKms, type Kms, type KmsOptions } from '../kms/kms.ts';
import { lockAllPcrs, readNsmTime, readOwnPcrs } from '../nsm/measurements.ts';
import type { Nsm } from '../nsm/nsm.ts';
import { checkKeys } from './check-keys.ts';
import { makeDeployment } from './genesis.ts';
import { type OpenedRoot, openRoots } from './open-roots.ts';
import type { LoadedRoots, WrappingKeys } from './root-changes.ts';

export interface LifecycleOptions {
  readonly configuration: MeasuredConfiguration;
  readonly nsm: Nsm;
  readonly kmsRelay: KmsOptions['relay'];
  readonly kmsTrustRootsPem: string;
  /** Purpose of the documents that clients get: `client`, or `emulation` where no security module signs. */
  readonly clientPurpose: Extract<DocumentPurpose, 'client' | 'emulation'>;
}

/** An attestation document and the manifest that it carries the digest of. */
export interface AttestedManifest {
  readonly attestationDocument: Uint8Array;
  readonly manifest: Uint8Array;
}

/** The enclave's life from its first instruction to signing: one state machine, visible as `phase`. */
export interface Lifecycle {
  readonly phase: Phase;
  readonly reason: string | null;
  readonly bootId: Uint8Array;
  readonly clock: AnchoredClock;
  readonly entropy: Entropy;
  readonly credentialsExpireAtMs: number | null;
  /** @throws OperationError PHASE_REFUSED before `ready` */
  readonly deployment: Deployment;
  attest(nonce: Uint8Array): AttestedManifest;
  setCredentials(credentials: AwsCredentials): void;
  runGenesis(): Promise<Uint8Array>;
  /** The first record makes the enclave ready; then only newer versions of the same deployment's are taken. */
  loadRootRecord(untrustedRecord: Uint8Array | null): Promise<void>;
  /**
   * Makes the next version of the loaded root record, and keeps nothing of it: it counts when it is stored and loaded.
   * @param keyArns of the measured configuration; null for all of it
   * @throws OperationError PHASE_REFUSED, ROTATION_REFUSED, and what `change` throws
   */
  changeRoots(
    change: (loaded: LoadedRoots, wrapping: WrappingKeys) => Uint8Array | Promise<Uint8Array>,
    keyArns: readonly string[] | null,
  ): Promise<Uint8Array>;
  /** @throws OperationError PHASE_REFUSED */
  describeRoots(): RootRecordBody;
  /** Asks the module for the time and KMS for its key policies again; a contradiction ends in `failed`. */
  recheck(): Promise<void>;
}

/**
 * Runs the first two steps, configuration and security module, and waits for the root record.
 * @throws NsmError, ConfigurationError: such an enclave has nothing to say, not even its status
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
  #phase: Phase = 'starting';
  #reason: string | null = null;
  #credentials: AwsCredentials | null = null;
  #deployment: Deployment | null = null;
  #record: RootRecord | null = null;
  #roots: readonly OpenedRoot[] = [];
  #loading: Promise<void> = Promise.resolve();
  #loadedRecord: Uint8Array | null = null;
  #keyPolicies: readonly CheckedKeyPolicy[] = [];

  constructor(options: LifecycleOptions) {
    const { nsm, configuration } = options;
    this.#options = options;
    const ownPcrs = readOwnPcrs(nsm);
    lockAllPcrs(nsm);
    this.clock = anchorClock(readNsmTime(nsm));
    this.entropy = mixedEntropy(nsm);
    this.#kms = createKms({
      relay: options.kmsRelay,
      trustRootsPem: options.kmsTrustRootsPem,
      credentials: () => this.#credentials,
      attest: (publicKey) => this.#document('kms', null, publicKey).attestationDocument,
      instanceRole: configuration.kms.instanceRole,
      administrator: configuration.kms.administrator,
      ownPcrs,
    });
    this.#phase = 'needs-root-record';
  }

  get phase(): Phase {
    return this.#phase;
  }

  get reason(): string | null {
    return this.#reason;
  }

  get credentialsExpireAtMs(): number | null {
    return this.#credentials?.expiresAtMs ?? null;
  }

  get deployment(): Deployment {
    if (this.#deployment === null) throw new OperationError('PHASE_REFUSED');
    return this.#deployment;
  }

  attest(nonce: Uint8Array): AttestedManifest {
    return this.#document(this.#phase === 'ready' ? this.#options.clientPurpose : 'status', nonce, null);
  }

  setCredentials(credentials: AwsCredentials): void {
    this.#credentials = credentials;
  }

  /** Makes a deployment and forgets it: only the record that comes back from the store opens it again. */
  async runGenesis(): Promise<Uint8Array> {
    const record = await makeDeployment(this.#kms, this.#configuredKeys, this.entropy);
    this.#phase = 'needs-root-record';
    return record;
  }

  loadRootRecord(untrustedRecord: Uint8Array | null): Promise<void> {
    const turn = this.#loading.then(() => this.#load(untrustedRecord));
    this.#loading = turn.catch(() => undefined);
    return turn;
  }

  async changeRoots(
    change: (loaded: LoadedRoots, wrapping: WrappingKeys) => Uint8Array | Promise<Uint8Array>,
    keyArns: readonly string[] | null,
  ): Promise<Uint8Array> {
    if (this.#record === null) throw new OperationError('PHASE_REFUSED');
    const chosen = keyArns ?? this.#configuredKeys;
    if (chosen.length === 0 || !chosen.every((arn) => this.#configuredKeys.includes(arn))) {
      throw new OperationError('ROTATION_REFUSED');
    }
    const rootKeys = this.#roots.map(({ rootKey }) => rootKey);
    const loaded = { record: this.#record, deployment: this.deployment, rootKeys };
    return await change(loaded, { kms: this.#kms, keyArns: [...new Set(chosen)] });
  }

  describeRoots(): RootRecordBody {
    if (this.#record === null) throw new OperationError('PHASE_REFUSED');
    return this.#record.body;
  }

  get #configuredKeys(): readonly string[] {
    return this.#options.configuration.kms.keys.map((key) => key.arn);
  }

  async #load(untrustedRecord: Uint8Array | null): Promise<void> {
    if (this.#loadedRecord !== null) {
      if (untrustedRecord === null) throw new OperationError('ROOT_ALREADY_LOADED');
      return await this.#loadNewer(untrustedRecord);
    }
    if (untrustedRecord === null) {
      this.#phase = 'needs-genesis';
      return;
    }
    const record = decodeRootRecord(untrustedRecord);
    this.#phase = 'unsealing';
    try {
      await this.#open(record);
      this.#loadedRecord = Uint8Array.from(untrustedRecord);
      // A token is refused when issued in the second of boot or earlier, so none that is issued from now on is.
      await this.clock.until(Math.floor(this.clock.bootMs / 1000) * 1000 + 1000);
      this.#phase = 'ready';
      this.#reason = null;
    } catch (error) {
      this.#phase = 'needs-root-record';
      this.#reason = error instanceof OperationError ? error.code : 'INTERNAL';
      throw error;
    }
  }

  /** Keeps signing with the keys that it has until the new ones are open, and if they do not open. */
  async #loadNewer(untrustedRecord: Uint8Array): Promise<void> {
    if (this.#loadedRecord !== null && Buffer.compare(this.#loadedRecord, untrustedRecord) === 0) return;
    const record = decodeRootRecord(untrustedRecord);
    const { deploymentId, version } = this.describeRoots();
    const isOther = Buffer.compare(record.body.deploymentId, deploymentId) !== 0;
    if (isOther || record.body.version === version) throw new OperationError('ROOT_ALREADY_LOADED');
    if (record.body.version < version) throw new OperationError('RECORD_OLDER_VERSION');
    await this.#open(record);
    this.#loadedRecord = Uint8Array.from(untrustedRecord);
  }

  async recheck(): Promise<void> {
    try {
      this.clock.reanchor(readNsmTime(this.#options.nsm));
      if (this.#phase === 'ready')
        this.#keyPolicies = await this.#checkKeys(this.#keyPolicies.map((policy) => policy.keyArn));
    } catch (error) {
      // KMS out of reach is not a contradiction: signing needs no KMS, and the manifest shows the age of the last check.
      if (
        error instanceof OperationError &&
        (error.code === 'KMS_UNREACHABLE' || error.code === 'KMS_DENIED')
      ) {
        this.#reason = error.code;
        return;
      }
      this.#phase = 'failed';
      this.#reason = error instanceof OperationError ? error.code : 'INTERNAL';
      this.#deployment = null;
    }
  }

  async #open(record: RootRecord): Promise<void> {
    const opened = await openRoots(record, {
      kms: this.#kms,
      configuredKeys: this.#configuredKeys,
      known: this.#roots,
    });
    const keyPolicies = await this.#checkKeys([...new Set(opened.map(({ keyArn }) => keyArn))]);
    const deployment = openDeployment(
      record,
      opened.map(({ rootKey }) => rootKey),
    );
    // Whoever works with the deployment holds this object, so it stays and its keys change.
    if (this.#deployment === null) this.#deployment = deployment;
    else this.#deployment.roots = deployment.roots;
    this.#roots = opened;
    this.#keyPolicies = keyPolicies;
    this.#record = record;
  }

  #checkKeys(keyArns: readonly string[]): Promise<CheckedKeyPolicy[]> {
    return checkKeys(this.#kms, keyArns, this.clock);
  }

  #document(
    purpose: DocumentPurpose,
    nonce: Uint8Array | null,
    publicKey: Uint8Array | null,
  ): AttestedManifest {
    const { configuration, nsm } = this.#options;
    const deployment = this.#deployment;
    const manifest = encodeManifest({
      purpose,
      phase: this.#phase,
      deploymentId: deployment?.id ?? null,
      configurationDigest: configuration.digest,
      securityEpoch: configuration.securityEpoch,
      identityKey: deployment?.identityPublicKey ?? null,
      receiptKey: null,
      root: deployment?.roots.current ?? null,
      kmsPolicies: this.#keyPolicies,
    });
    const attestationDocument = nsm.attestation({ userData: manifest.digest, nonce, publicKey });
    return { attestationDocument, manifest: manifest.bytes };
  }
}
