// An enclave, its security module and its KMS, with nobody between them and the test that plays the parent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { runGenesis } from '@strongroom/shared/operations/run-genesis';
import { setCredentials } from '@strongroom/shared/operations/set-credentials';
import { type KmsSimulator, startKmsSimulator } from '../kms/kms-simulator.ts';
import { type NsmPki, openNsmPki } from '../nsm/nsm-pki.ts';
import type { LaunchMeasurements } from '../nsm/nsm-simulator.ts';
import {
  TWIN_CREDENTIALS,
  TWIN_KEY_ARN,
  type TwinConfigurationOptions,
  twinConfiguration,
  twinKeyPolicy,
} from '../system/twin-configuration.ts';
import { type BootOptions, type LabEnclave, openLabMachine } from './lab-machine.ts';

export type { LabEnclave } from './lab-machine.ts';

export interface LaboratoryOptions extends TwinConfigurationOptions {
  readonly measurements?: LaunchMeasurements;
}

/** Everything around an enclave that a hostile parent could reach, and what it could not. */
export interface Laboratory extends AsyncDisposable {
  readonly kms: KmsSimulator;
  readonly pki: NsmPki;
  readonly measurements: LaunchMeasurements;
  /** Starts an enclave of the admitted image that waits for its root record. */
  boot(options?: BootOptions): Promise<LabEnclave>;
  /** Boots and loads a root record, the laboratory's own by default. */
  bootReady(rootRecord?: Uint8Array): Promise<LabEnclave>;
  /** The root record of the laboratory's deployment, made at first use. */
  rootRecord(): Promise<Uint8Array>;
}

const LAB_MEASUREMENTS: LaunchMeasurements = {
  pcr0: Buffer.alloc(48, 0xa0),
  pcr1: Buffer.alloc(48, 0xa1),
  pcr2: Buffer.alloc(48, 0xa2),
};

export async function openLaboratory(options: LaboratoryOptions = {}): Promise<Laboratory> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-lab-'));
  const { measurements = LAB_MEASUREMENTS, keyArns = [TWIN_KEY_ARN] } = options;
  const pki = openNsmPki(directory);
  const { sessionToken: _none, ...credential } = TWIN_CREDENTIALS;
  const kms = await startKmsSimulator({
    directory,
    credentials: [credential],
    nsmRoots: [pki.rootCertificate],
  });
  const machine = await openLabMachine();
  for (const arn of keyArns) kms.createKey({ arn, policy: twinKeyPolicy([measurements], 'genesis') });
  const running = new Set<LabEnclave>();
  let ownRecord: Promise<Uint8Array> | null = null;

  async function boot(overrides: BootOptions = {}): Promise<LabEnclave> {
    const enclave = await machine.boot({
      pki,
      directory,
      kms,
      measurements,
      configuration: twinConfiguration(options),
      ...overrides,
    });
    running.add(enclave);
    if (overrides.withoutCredentials) return enclave;
    const { accessKeyId, secretAccessKey } = credential;
    await enclave.call(setCredentials, {
      accessKeyId,
      secretAccessKey,
      sessionToken: null,
      expiresAtMs: Date.now() + 3_600_000,
    });
    return enclave;
  }

  async function makeRecord(): Promise<Uint8Array> {
    await using enclave = await boot();
    await enclave.call(loadRootRecord, { rootRecord: null });
    return (await enclave.call(runGenesis, {})).rootRecord;
  }

  const rootRecord = () => (ownRecord ??= makeRecord());
  return {
    kms,
    pki,
    measurements,
    boot,
    rootRecord,
    async bootReady(record) {
      const enclave = await boot();
      await enclave.call(loadRootRecord, { rootRecord: record ?? (await rootRecord()) });
      return enclave;
    },
    async [Symbol.asyncDispose]() {
      for (const enclave of running) await enclave[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
      await kms.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
