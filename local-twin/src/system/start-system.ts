import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NO_RELAY, type RelayConfig } from '@strongroom/chain-relay/relay-config';
import type { RateLimits } from '../../../parent-proxy/src/auth/rate-limiter.ts';
import { type KmsSimulator, startKmsSimulator } from '../kms/kms-simulator.ts';
import { measureSource } from '../nsm/measure-source.ts';
import { openNsmPki } from '../nsm/nsm-pki.ts';
import type { LaunchMeasurements } from '../nsm/nsm-simulator.ts';
import { admitImage } from './admit-image.ts';
import { type Child, startChild } from './child.ts';
import type { EnclaveProcessOptions } from './enclave-process.ts';
import type { ProxyAnswer, ProxyCommand, ProxyProcessOptions } from './proxy-process.ts';
import {
  TWIN_CREDENTIALS,
  TWIN_KEY_ARN,
  TWIN_RATE_LIMITS,
  type TwinConfigurationOptions,
  twinConfiguration,
} from './twin-configuration.ts';
import type { TwinStoreLocation } from './twin-store.ts';

export interface SystemOptions extends TwinConfigurationOptions {
  /** Holds everything that outlives the processes. */
  readonly home: string;
  /** Port of the HTTP service; 0 takes a free one. */
  readonly port?: number;
  readonly logLevel?: string;
  readonly store?: TwinStoreLocation;
  readonly rateLimits?: RateLimits;
  readonly trustedProxies?: readonly string[];
  readonly recoveryWebhook?: string;
  /** Nodes of chains; none by default. */
  readonly relay?: RelayConfig;
  /** Of the proxy's `GET /metrics`; off when it is left out, 0 takes a free one. */
  readonly metricsPort?: number;
  /** Options of Node for both processes, for a profile. */
  readonly execArgv?: readonly string[];
}

/** The whole service on this machine: KMS in this process, enclave and proxy in processes of their own. */
export interface System extends AsyncDisposable {
  readonly baseUrl: string;
  /** Where `GET /metrics` of the proxy is, if it is on. */
  readonly metricsUrl?: string | null;
  readonly measurements: LaunchMeasurements;
  readonly rootCertificatePem: string;
  readonly rootCertificate: Uint8Array;
  readonly enrolmentToken: string;
  readonly kms: KmsSimulator;
  readonly enclave: Child;
  readonly proxy: Child;
  readonly store: TwinStoreLocation;
  readonly wasGenesisRun: boolean;
  /** Starts the enclave again after it ended, on the same port, and brings it to `ready`. */
  restartEnclave(): Promise<void>;
  restartProxy(): Promise<void>;
}

const repositoryRoot = join(import.meta.dirname, '../../..');

/** An enclave that came up and was not brought to serve. */
export class NotReadyError extends Error {
  /** What kept it, where the proxy knows. */
  readonly code: string | null;
  constructor(phase: string | null, code: string | null) {
    super(`the enclave is ${phase ?? 'not supplied'} instead of ready${code === null ? '' : `: ${code}`}`);
    this.code = code;
  }
}

/** Starts the twin and waits until it signs; runs genesis when there is no deployment yet, as an operator would. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { home, port = 0, logLevel = 'silent', execArgv = [], ...otherOptions } = options;
  const {
    rateLimits = TWIN_RATE_LIMITS,
    trustedProxies = [],
    relay = NO_RELAY,
    metricsPort,
    recoveryWebhook,
    ...configurationOptions
  } = otherOptions;
  const twin = join(home, 'twin');
  const data = join(home, 'data');
  const { store = { engine: 'sqlite', directory: data } } = options;
  for (const directory of [home, twin, data]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pki = openNsmPki(twin);
  const configuration = twinConfiguration(configurationOptions);
  const measurements = measureSource(repositoryRoot, configuration);
  const { sessionToken: _none, ...credential } = TWIN_CREDENTIALS;
  const kms = await startKmsSimulator({
    directory: twin,
    credentials: [credential],
    nsmRoots: [pki.rootCertificate],
  });
  const keyArns = configurationOptions.keyArns ?? [TWIN_KEY_ARN];
  admitImage(kms, keyArns, measurements, 'operational');

  const enrolmentToken = randomBytes(32).toString('base64url');
  const enclaveOptions: EnclaveProcessOptions = {
    pkiDirectory: twin,
    configuration,
    measurements,
    kmsPort: kms.port,
    kmsCaPem: kms.caPem,
    port: 0,
  };
  let enclave = await startChild(new URL('./enclave-process.ts', import.meta.url), enclaveOptions, execArgv);
  const proxyOptions: ProxyProcessOptions = {
    store,
    port,
    enclavePort: enclave.port,
    enrolmentToken,
    logLevel,
    rateLimits,
    trustedProxies,
    relay,
    ...(metricsPort !== undefined && { metricsPort }),
    ...(recoveryWebhook !== undefined && { recoveryWebhook }),
  };
  let proxy = await startChild(new URL('./proxy-process.ts', import.meta.url), proxyOptions, execArgv);
  let wasGenesisRun = false;

  async function bringToReady(): Promise<void> {
    let { phase, error } = await ask(proxy, 'settle');
    if (phase === 'needs-genesis') {
      admitImage(kms, keyArns, measurements, 'genesis');
      ({ phase, error } = await ask(proxy, 'run-genesis'));
      admitImage(kms, keyArns, measurements, 'operational');
      wasGenesisRun = true;
    }
    if (phase !== 'ready') throw new NotReadyError(phase, error);
  }

  async function dispose(): Promise<void> {
    await proxy.stop();
    await enclave.stop();
    await kms.close();
  }

  try {
    await bringToReady();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    get metricsUrl() {
      return proxy.metricsPort == null ? null : `http://127.0.0.1:${proxy.metricsPort}/metrics`;
    },
    measurements,
    rootCertificate: pki.rootCertificate,
    rootCertificatePem: pki.rootCertificatePem,
    enrolmentToken,
    kms,
    store,
    wasGenesisRun,
    get enclave() {
      return enclave;
    },
    get proxy() {
      return proxy;
    },
    async restartEnclave() {
      enclave = await startChild(
        new URL('./enclave-process.ts', import.meta.url),
        {
          ...enclaveOptions,
          port: enclave.port,
        },
        execArgv,
      );
      await bringToReady();
    },
    async restartProxy() {
      proxy = await startChild(
        new URL('./proxy-process.ts', import.meta.url),
        {
          ...proxyOptions,
          port: proxy.port,
        },
        execArgv,
      );
      await bringToReady();
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const COMMAND_TIMEOUT_MS = 60_000;

/** @throws Error when the proxy is not there, ends, or does not answer in time */
function ask({ process: proxy }: Child, command: ProxyCommand): Promise<ProxyAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (problem: string) => settle(() => reject(new Error(`the proxy ${problem}`)));
    const onMessage = (answer: unknown) => settle(() => resolve(answer as ProxyAnswer));
    const onExit = () => fail('has ended');
    const impatience = setTimeout(() => fail('does not answer'), COMMAND_TIMEOUT_MS);
    function settle(finish: () => void): void {
      clearTimeout(impatience);
      proxy.off('message', onMessage).off('exit', onExit);
      finish();
    }
    proxy.once('message', onMessage).once('exit', onExit);
    // Without a callback a closed channel would be an event that nobody listens to.
    proxy.send(command, (error) => error !== null && fail('has ended'));
  });
}
