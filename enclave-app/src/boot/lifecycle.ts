import type { Phase, StatusReason } from '@strongroom/shared/phase';
import type { AttestedManifest } from '../attest/attested-manifest.ts';
import type { DocumentPurpose } from '../attest/manifest.ts';
import type { AnchoredClock } from '../clock.ts';
import type { MeasuredConfiguration } from '../config.ts';
import type { Entropy } from '../keys/entropy.ts';
import type { Deployment, RootRecord, RootRecordBody } from '../keys/root-record.ts';
import type { AwsCredentials, KmsOptions } from '../kms/kms.ts';
import type { Nsm } from '../nsm/nsm.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { LoadedRoots, WrappingKeys } from './root-changes.ts';

export interface LifecycleOptions {
  readonly configuration: MeasuredConfiguration;
  readonly nsm: Nsm;
  readonly kmsRelay: KmsOptions['relay'];
  readonly kmsTrustRootsPem: string;
  /** Purpose of the documents that clients get: `client`, or `emulation` where no security module signs. */
  readonly clientPurpose: Extract<DocumentPurpose, 'client' | 'emulation'>;
  readonly telemetry: Pick<Telemetry, 'counters' | 'events'>;
}

/** The enclave's life from its first instruction to signing: one state machine, visible as `phase`. */
export interface Lifecycle {
  readonly phase: Phase;
  readonly reason: StatusReason | null;
  readonly bootId: Uint8Array;
  readonly clock: AnchoredClock;
  readonly entropy: Entropy;
  readonly credentialsExpireAtMs: number | null;
  /** When KMS last showed the policy of every key in use; null before. */
  readonly keyPoliciesCheckedAtMs: number | null;
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
  /**
   * Opens a root record of the same deployment by KMS, beside the one that is loaded and without any of its keys.
   * @throws OperationError ROOT_RECORD_REFUSED also for another deployment's; CREDENTIALS_MISSING, KMS_*
   */
  openApart(record: RootRecord): Promise<Deployment>;
  /** The measured configuration's, and one more for each restore that the loaded root record counts. */
  readonly securityEpoch: number;
  /** @throws OperationError PHASE_REFUSED */
  describeRoots(): RootRecordBody;
  /** Asks the module for the time and KMS for its key policies again; a contradiction ends in `failed`. */
  recheck(): Promise<void>;
}
