import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { Phase } from '@strongroom/shared/phase';
import { type CheckedKeyPolicy, type DocumentPurpose, encodeManifest } from '../attest/manifest.ts';
import { type AnchoredClock, anchorClock } from '../clock.ts';
import type { MeasuredConfiguration } from '../config.ts';
import { importEd25519Seed, rawEd25519PublicKey } from '../keys/ed25519-key.ts';
import { type Entropy, mixedEntropy } from '../keys/entropy.ts';
import { createRootKeys, type RootKey } from '../keys/root-keys.ts';
import {
  type Deployment,
  decodeRootRecord,
  deploymentIdOf,
  encodeRootRecord,
  openDeployment,
  type RootRecord,
  unwrapRoot,
  wrapRoot,
} from '../keys/root-record.ts';
import type { ReconstructedKeyPolicy } from '../kms/key-policy.ts';
import { type AwsCredentials, createKms, type Kms, type KmsOptions } from '../kms/kms.ts';
import { lockAllPcrs, readNsmTime, readOwnPcrs } from '../nsm/measurements.ts';
import type { Nsm } from '../nsm/nsm.ts';

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
  loadRootRecord(untrustedRecord: Uint8Array | null): Promise<void>;
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
    const keys = this.#options.configuration.kms.keys.map((key) => key.arn);
    for (const keyArn of keys) await this.#kms.checkKey(keyArn);
    const identitySeed = this.entropy(32);
    const identityKey = rawEd25519PublicKey(importEd25519Seed(identitySeed));
    const deploymentId = deploymentIdOf(identityKey);
    const root: RootKey = { id: randomBytes(16), generation: 1, secret: this.entropy(32) };
    const dataKeys = [];
    for (const keyArn of keys)
      dataKeys.push(await this.#kms.generateDataKey(keyArn, { deploymentId, generation: 1 }));
    const wraps = wrapRoot(deploymentId, root, dataKeys);
    const body = {
      v: 1,
      deploymentId,
      identityKey,
      version: 1,
      roots: [{ id: root.id, generation: 1, wraps }],
    } as const;
    const record = encodeRootRecord(
      { ...body, roots: [...body.roots] },
      createRootKeys([root]),
      identitySeed,
    );
    for (const secret of [identitySeed, root.secret, ...dataKeys.map((key) => key.plaintext)]) secret.fill(0);
    this.#phase = 'needs-root-record';
    return record;
  }

  async loadRootRecord(untrustedRecord: Uint8Array | null): Promise<void> {
    if (this.#loadedRecord !== null) {
      if (untrustedRecord === null || !Buffer.from(this.#loadedRecord).equals(untrustedRecord)) {
        throw new OperationError('ROOT_ALREADY_LOADED');
      }
      return;
    }
    if (untrustedRecord === null) {
      this.#phase = 'needs-genesis';
      return;
    }
    const record = decodeRootRecord(untrustedRecord);
    this.#phase = 'unsealing';
    try {
      await this.#unseal(record);
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

  async #unseal(record: RootRecord): Promise<void> {
    const { deploymentId, roots } = record.body;
    const usedKeys = new Set<string>();
    const opened: RootKey[] = [];
    for (const root of roots) {
      const { rootKey, keyArn } = await this.#openRoot(deploymentId, root);
      opened.push(rootKey);
      usedKeys.add(keyArn);
    }
    this.#keyPolicies = await this.#checkKeys([...usedKeys]);
    this.#deployment = openDeployment(record, opened);
  }

  /** Tries the wraps in order: any configured KMS key that answers is enough. */
  async #openRoot(
    deploymentId: Uint8Array,
    root: RootRecord['body']['roots'][number],
  ): Promise<{ rootKey: RootKey; keyArn: string }> {
    let failure: unknown = new OperationError('ROOT_RECORD_REFUSED');
    for (const wrap of root.wraps) {
      if (!this.#options.configuration.kms.keys.some((key) => key.arn === wrap.keyArn)) continue;
      try {
        await this.#kms.checkKey(wrap.keyArn);
        const dataKey = await this.#kms.decryptDataKey(wrap, { deploymentId, generation: root.generation });
        const rootKey = unwrapRoot(deploymentId, root, { wrap, dataKey });
        dataKey.fill(0);
        return { rootKey, keyArn: wrap.keyArn };
      } catch (error) {
        failure =
          error instanceof OperationError && error.code === 'SEALED_BLOB_REFUSED'
            ? new OperationError('ROOT_RECORD_REFUSED')
            : error;
      }
    }
    throw failure;
  }

  async #checkKeys(keyArns: readonly string[]): Promise<CheckedKeyPolicy[]> {
    const checked = [];
    for (const keyArn of keyArns) {
      const policy = await this.#kms.checkKey(keyArn);
      checked.push(toManifestEntry(keyArn, policy, this.clock.nowMs()));
    }
    return checked;
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
      root: deployment?.roots.newest ?? null,
      kmsPolicies: this.#keyPolicies,
    });
    const attestationDocument = nsm.attestation({ userData: manifest.digest, nonce, publicKey });
    return { attestationDocument, manifest: manifest.bytes };
  }
}

function toManifestEntry(
  keyArn: string,
  { digest, images }: ReconstructedKeyPolicy,
  checkedAtMs: number,
): CheckedKeyPolicy {
  const pcrs = images.map(({ pcr0, pcr1, pcr2 }) => ({
    pcr0: Buffer.from(pcr0, 'hex'),
    pcr1: Buffer.from(pcr1, 'hex'),
    pcr2: Buffer.from(pcr2, 'hex'),
  }));
  return { keyArn, digest, pcrs, checkedAtMs };
}
