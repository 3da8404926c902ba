import { createOperationClient, type OperationClient } from '@strongroom/shared/channel/operation-client';
import { tcpDialer, tcpListen } from '@strongroom/shared/transport/dev/tcp';
import { parseConfiguration } from '../../../enclave-app/src/config.ts';
import type { Nsm } from '../../../enclave-app/src/nsm/nsm.ts';
import { type EnclaveOptions, startEnclave } from '../../../enclave-app/src/start-enclave.ts';
import type { KmsSimulator } from '../kms/kms-simulator.ts';
import type { NsmPki } from '../nsm/nsm-pki.ts';
import { type LaunchMeasurements, startNsmSimulator } from '../nsm/nsm-simulator.ts';

export interface BootOptions extends Partial<Pick<EnclaveOptions, 'kmsRelay' | 'kmsTrustRootsPem'>> {
  readonly measurements?: LaunchMeasurements;
  readonly configuration?: Uint8Array;
  /** A module of the test's own, which only an enclave in the test's process can have. */
  readonly nsm?: Nsm;
  readonly withoutCredentials?: boolean;
}

/** A booted enclave as its parent sees it: one connection and no trust. */
export interface LabEnclave extends AsyncDisposable {
  readonly call: OperationClient['call'];
  /** TCP port of this machine whose connections reach the enclave's listener. */
  readonly port: number;
  readonly internalErrors: unknown[];
  /** What the enclave does by itself every hour. */
  recheck(): Promise<void>;
  /** Moves the clock of the enclave's security module. */
  jumpModuleClock(ms: number): Promise<void>;
}

/** What an enclave of the laboratory is started with. */
export interface LabBoot extends BootOptions {
  readonly pki: NsmPki;
  /** Folder of the module's PKI. */
  readonly directory: string;
  readonly kms: KmsSimulator;
  readonly measurements: LaunchMeasurements;
  readonly configuration: Uint8Array;
}

/** Where the laboratory's enclaves run. */
export interface LabMachine extends AsyncDisposable {
  boot(boot: LabBoot): Promise<LabEnclave>;
}

/** The test's own process, reached over TCP; `make test-vsock` puts a guest behind AF_VSOCK in its place. */
export async function openLabMachine(): Promise<LabMachine> {
  return { boot: bootEnclave, [Symbol.asyncDispose]: async () => undefined };
}

async function bootEnclave({
  pki,
  kms,
  measurements,
  configuration,
  ...overrides
}: LabBoot): Promise<LabEnclave> {
  let port = 0;
  let aheadMs = 0;
  const internalErrors: unknown[] = [];
  const now = () => Date.now() + aheadMs;
  const enclave = await startEnclave({
    configuration: parseConfiguration(configuration),
    nsm: overrides.nsm ?? startNsmSimulator({ pki, measurements, now }),
    kmsRelay: overrides.kmsRelay ?? (() => tcpDialer(kms.port)),
    kmsTrustRootsPem: overrides.kmsTrustRootsPem ?? kms.caPem,
    clientPurpose: 'client',
    listen: tcpListen(0, (listening) => {
      port = listening;
    }),
    onInternalError: (_operation, error) => internalErrors.push(error),
  });
  const client = createOperationClient({
    connect: () => tcpDialer(port).dial(),
    maxInFlight: 256,
    deadlineMs: 20_000,
  });
  let isClosed = false;
  return {
    call: client.call,
    port,
    internalErrors,
    recheck: () => enclave.lifecycle.recheck(),
    async jumpModuleClock(ms) {
      aheadMs += ms;
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      client.close();
      await enclave.close();
    },
  };
}
