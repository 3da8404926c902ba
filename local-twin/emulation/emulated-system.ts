import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';
import { type KmsSimulator, startKmsSimulator } from '../src/kms/kms-simulator.ts';
import { openNsmPki } from '../src/nsm/nsm-pki.ts';
import type { LaunchMeasurements } from '../src/nsm/nsm-simulator.ts';
import { admitImage } from '../src/system/admit-image.ts';
import { type Child, startChild } from '../src/system/child.ts';
import type { ProxyAnswer, ProxyCommand, ProxyProcessOptions } from '../src/system/proxy-process.ts';
import type { System, SystemOptions } from '../src/system/start-system.ts';
import { TWIN_CREDENTIALS, TWIN_KEY_ARN, TWIN_RATE_LIMITS } from '../src/system/twin-configuration.ts';
import type { Ground } from './ground.ts';
import { type HostVsock, startHostVsock } from './host-vsock.ts';
import { scratchDir } from './machine.ts';
import type { RigProcess } from './process.ts';
import { relayFromGuest, relayToGuest } from './relay.ts';

/** Port of the enclave's listener and of its relay to KMS, as in the twin's configuration. */
const ENCLAVE_PORT = 5000;
const KMS_RELAY_PORT = 8000;
const COMMAND_TIMEOUT_MS = 90_000;
const READY_ATTEMPTS = 5;
const READY_PAUSE_MS = 1000;
/** What a further attempt would meet again. */
const FINAL_REFUSALS: readonly (string | null)[] = ['KMS_DENIED', 'KMS_KEY_REFUSED'];

/** What a ground knows of its image before anything runs. */
export interface PreparedEnclave {
  readonly pcrs: ImagePcrs;
  /** Boots one machine whose vsock device is `host`; resolves when the enclave listens. */
  boot(dir: string, host: HostVsock): Promise<RigProcess>;
}

export interface EmulatedSystemOptions extends SystemOptions {
  readonly ground: Ground;
  readonly acceptsUnsignedDocuments: boolean;
  readonly prepare: (twin: {
    readonly directory: string;
    readonly kms: KmsSimulator;
  }) => Promise<PreparedEnclave>;
}

/** A system whose enclave is a machine of its own. */
export interface EmulatedSystem extends System {
  readonly pcrs: ImagePcrs;
  /** Console of the machine that runs now. */
  readonly console: () => string;
}

/** Starts KMS and proxy as the twin does, and the enclave in an emulated machine; runs genesis when there is no deployment yet. */
export async function startEmulatedSystem(options: EmulatedSystemOptions): Promise<EmulatedSystem> {
  const resources = new AsyncDisposableStack();
  try {
    return await start(options, resources);
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

async function start(
  options: EmulatedSystemOptions,
  resources: AsyncDisposableStack,
): Promise<EmulatedSystem> {
  const { home, port = 0, logLevel = 'silent', ground, keyArns = [TWIN_KEY_ARN] } = options;
  const twin = join(home, 'twin');
  const data = join(home, 'data');
  const { store = { engine: 'sqlite', directory: data } } = options;
  for (const directory of [home, twin, data]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pki = openNsmPki(twin);
  const kms = await startSimulator(twin, pki.rootCertificate, options.acceptsUnsignedDocuments);
  resources.defer(() => kms.close());
  const prepared = await options.prepare({ directory: twin, kms });
  const measurements = bytesOf(prepared.pcrs);
  admitImage(kms, keyArns, measurements, 'operational');

  let machine = await startMachine(ground, prepared, kms.port, keyArns.length);
  resources.defer(() => machine[Symbol.asyncDispose]());
  const relay = resources.use(await relayToGuest(machine.host, ENCLAVE_PORT));
  const enrolmentToken = randomBytes(32).toString('base64url');
  const proxyOptions: ProxyProcessOptions = {
    store,
    port,
    enclavePort: relay.port,
    enrolmentToken,
    logLevel,
    rateLimits: options.rateLimits ?? TWIN_RATE_LIMITS,
    trustedProxies: options.trustedProxies ?? [],
    ...(options.relay && { relay: options.relay }),
    ...(options.metricsPort !== undefined && { metricsPort: options.metricsPort }),
  };
  const startProxy = (onPort: number) =>
    startChild(new URL('../src/system/proxy-process.ts', import.meta.url), { ...proxyOptions, port: onPort });
  let proxy = await startProxy(port);
  resources.defer(() => proxy.stop());
  const wasGenesisRun = await bringToReady({ proxy, console: () => machine.enclave.log() }, (state) =>
    admitImage(kms, keyArns, measurements, state),
  );

  return {
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    measurements,
    pcrs: prepared.pcrs,
    rootCertificate: pki.rootCertificate,
    rootCertificatePem: pki.rootCertificatePem,
    enrolmentToken,
    kms,
    store,
    wasGenesisRun,
    console: () => machine.enclave.log(),
    get metricsUrl() {
      return proxy.metricsPort == null ? null : `http://127.0.0.1:${proxy.metricsPort}/metrics`;
    },
    get enclave() {
      return asChild(machine.enclave, relay.port);
    },
    get proxy() {
      return proxy;
    },
    async restartEnclave() {
      await machine[Symbol.asyncDispose]();
      machine = await startMachine(ground, prepared, kms.port, keyArns.length);
      relay.switchTo(machine.host);
      await bringToReady({ proxy, console: () => machine.enclave.log() }, () => undefined);
    },
    async restartProxy() {
      proxy = await startProxy(proxy.port);
      await bringToReady({ proxy, console: () => machine.enclave.log() }, () => undefined);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function startSimulator(
  directory: string,
  nsmRoot: Uint8Array,
  acceptsUnsigned: boolean,
): Promise<KmsSimulator> {
  const { sessionToken: _none, ...credential } = TWIN_CREDENTIALS;
  return startKmsSimulator({
    directory,
    credentials: [credential],
    nsmRoots: [nsmRoot],
    acceptUnsignedEmulationDocuments: acceptsUnsigned,
  });
}

interface Machine extends AsyncDisposable {
  readonly host: HostVsock;
  readonly enclave: RigProcess;
}

async function startMachine(
  ground: Ground,
  prepared: PreparedEnclave,
  kmsPort: number,
  keys: number,
): Promise<Machine> {
  const resources = new AsyncDisposableStack();
  try {
    const dir = resources.use(scratchDir());
    const host = resources.use(await startHostVsock(ground, dir.path));
    for (let key = 0; key < keys; key++) await relayFromGuest(host, KMS_RELAY_PORT + key, kmsPort);
    const enclave = resources.use(await prepared.boot(dir.path, host));
    return { host, enclave, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

/**
 * Brings the enclave to `ready`, by genesis if need be, as an operator would; returns whether genesis was run.
 * A translated processor on a busy machine can miss the seconds that the enclave gives KMS, so it is asked a few times.
 */
async function bringToReady(
  { proxy, console }: { readonly proxy: Child; readonly console: () => string },
  admit: (state: 'genesis' | 'operational') => void,
): Promise<boolean> {
  let wasGenesisRun = false;
  let answer = await ask(proxy, 'settle');
  for (let attempt = 1; answer.phase !== 'ready' && attempt <= READY_ATTEMPTS; attempt++) {
    if (FINAL_REFUSALS.includes(answer.error)) break;
    await new Promise((resolve) => setTimeout(resolve, READY_PAUSE_MS));
    if (answer.phase === 'needs-genesis') {
      wasGenesisRun = true;
      admit('genesis');
      answer = await ask(proxy, 'run-genesis');
      admit('operational');
    } else {
      answer = await ask(proxy, 'settle');
    }
  }
  if (answer.phase !== 'ready') {
    throw new Error(
      `the enclave is ${answer.phase ?? 'not supplied'} instead of ready: ${answer.error ?? ''}\n${console().slice(-2000)}`,
    );
  }
  return wasGenesisRun;
}

async function ask(proxy: Child, command: ProxyCommand): Promise<ProxyAnswer> {
  const answered = once(proxy.process, 'message', { signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS) });
  proxy.process.send(command);
  const [answer] = (await answered) as [ProxyAnswer];
  return answer;
}

function bytesOf({ pcr0, pcr1, pcr2 }: ImagePcrs): LaunchMeasurements {
  return { pcr0: Buffer.from(pcr0, 'hex'), pcr1: Buffer.from(pcr1, 'hex'), pcr2: Buffer.from(pcr2, 'hex') };
}

function asChild(enclave: RigProcess, port: number): Child {
  const end = async () => {
    await enclave[Symbol.asyncDispose]();
  };
  return { process: enclave.process, port, stop: end, kill: end };
}
