import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { CheckedKeyPolicy } from '../attest/manifest.ts';
import type { AnchoredClock } from '../clock.ts';
import type { RootKey } from '../keys/root-keys.ts';
import {
  type Deployment,
  decodeRootRecord,
  openDeployment,
  type RootRecord,
  type RootRecordBody,
} from '../keys/root-record.ts';
import type { Kms } from '../kms/kms.ts';
import { checkKeys } from './check-keys.ts';
import { type OpenedRoot, openRoots } from './open-roots.ts';
import type { LoadedRoots } from './root-changes.ts';

interface Loaded {
  readonly bytes: Uint8Array;
  readonly record: RootRecord;
  readonly roots: readonly OpenedRoot[];
  readonly deployment: Deployment;
}

/** The deployment that an enclave has opened: its root record, the keys in it, and what KMS showed of the keys around them. */
export class DeploymentHolder {
  readonly #kms: Kms;
  readonly #clock: AnchoredClock;
  readonly #configuredKeys: readonly string[];
  #loaded: Loaded | null = null;
  #keyPolicies: readonly CheckedKeyPolicy[] = [];

  constructor(kms: Kms, clock: AnchoredClock, configuredKeys: readonly string[]) {
    this.#kms = kms;
    this.#clock = clock;
    this.#configuredKeys = configuredKeys;
  }

  get isLoaded(): boolean {
    return this.#loaded !== null;
  }

  get deployment(): Deployment | null {
    return this.#loaded?.deployment ?? null;
  }

  get keyPolicies(): readonly CheckedKeyPolicy[] {
    return this.#keyPolicies;
  }

  /** @throws OperationError PHASE_REFUSED before a record is loaded */
  get record(): RootRecordBody {
    return this.#held().record.body;
  }

  /** @throws OperationError PHASE_REFUSED before a record is loaded */
  get roots(): LoadedRoots {
    const { record, deployment, roots } = this.#held();
    return { record, deployment, rootKeys: rootKeysOf(roots) };
  }

  /**
   * Opens a record through KMS. Signing goes on with the keys that are held until the new ones are open, and if they do not open.
   * @throws OperationError ROOT_RECORD_REFUSED, CREDENTIALS_MISSING, KMS_*
   */
  async open(untrustedRecord: Uint8Array, record: RootRecord): Promise<void> {
    const roots = await openRoots(record, {
      kms: this.#kms,
      configuredKeys: this.#configuredKeys,
      known: this.#loaded?.roots ?? [],
    });
    const keyPolicies = await this.#checkKeys([...new Set(roots.map(({ keyArn }) => keyArn))]);
    const opened = openDeployment(record, rootKeysOf(roots));
    // Whoever works with the deployment holds this object, so it stays and its keys change.
    const deployment = this.#loaded?.deployment ?? opened;
    deployment.roots = opened.roots;
    this.#keyPolicies = keyPolicies;
    this.#loaded = { bytes: Uint8Array.from(untrustedRecord), record, roots, deployment };
  }

  /**
   * Takes a newer version of the same deployment's record; the one that is loaded changes nothing.
   * @returns whether it was newer
   * @throws OperationError ROOT_ALREADY_LOADED, RECORD_OLDER_VERSION, and what `open` throws
   */
  async openNewer(untrustedRecord: Uint8Array): Promise<boolean> {
    const held = this.#held();
    if (Buffer.compare(held.bytes, untrustedRecord) === 0) return false;
    const record = decodeRootRecord(untrustedRecord);
    const { deploymentId, version } = held.record.body;
    const isOther = Buffer.compare(record.body.deploymentId, deploymentId) !== 0;
    if (isOther || record.body.version === version) throw new OperationError('ROOT_ALREADY_LOADED');
    if (record.body.version < version) throw new OperationError('RECORD_OLDER_VERSION');
    await this.open(untrustedRecord, record);
    return true;
  }

  /**
   * Opens another record of this deployment through KMS, and holds nothing of it.
   * @throws OperationError ROOT_RECORD_REFUSED, CREDENTIALS_MISSING, KMS_*
   */
  async openApart(record: RootRecord): Promise<Deployment> {
    const { deploymentId } = this.#held().record.body;
    if (Buffer.compare(record.body.deploymentId, deploymentId) !== 0)
      throw new OperationError('ROOT_RECORD_REFUSED');
    const configuredKeys = this.#configuredKeys;
    const roots = await openRoots(record, { kms: this.#kms, configuredKeys, known: [] });
    return openDeployment(record, rootKeysOf(roots));
  }

  /** Asks KMS again for the policies of the keys in use. @throws OperationError KMS_*, CREDENTIALS_MISSING */
  async recheckKeys(): Promise<void> {
    this.#keyPolicies = await this.#checkKeys(this.#keyPolicies.map(({ keyArn }) => keyArn));
  }

  forget(): void {
    this.#loaded = null;
  }

  #held(): Loaded {
    if (this.#loaded === null) throw new OperationError('PHASE_REFUSED');
    return this.#loaded;
  }

  #checkKeys(keyArns: readonly string[]): Promise<CheckedKeyPolicy[]> {
    return checkKeys(this.#kms, keyArns, this.#clock);
  }
}

function rootKeysOf(roots: readonly OpenedRoot[]): RootKey[] {
  return roots.map(({ rootKey }) => rootKey);
}
