// `make dev`: the whole service in the foreground, with a first project, on 127.0.0.1.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRelayConfig } from '@strongroom/chain-relay/relay-config';
import { addApiKey } from '@strongroom/client/api-keys';
import { createProject } from '@strongroom/client/create-project';
import { makeApiKey } from '@strongroom/client/credentials';
import { importWalletSecret } from '@strongroom/client/owner';
import { connectService, type Service } from '@strongroom/client/service';
import { type ServicePins, verifyService } from '@strongroom/client/verify-service';
import { type System, startSystem } from '../system/start-system.ts';
import { type DevFile, devFilePath, readDevFile, writeDevFile } from './dev-file.ts';
import { importPublicKeyOf } from './import-key.ts';

const home = resolve(process.env['STRONGROOM_HOME'] ?? '.strongroom');
const port = Number(process.env['PORT'] ?? 8787);
/** 0 takes a free one. */
const metricsPort = Number(process.env['METRICS_PORT'] ?? 0);
const startedMs = performance.now();
const SCOPES = ['read', 'sign', 'accounts#export', 'policies#manage'];

try {
  await run();
} catch (error) {
  console.error(`\nmake dev could not start: ${explain(error)}`);
  process.exit(1);
}

async function run(): Promise<void> {
  if (port === 0 || !isPort(port)) throw new Error('PORT must be a port number');
  if (!isPort(metricsPort)) throw new Error('METRICS_PORT must be a port number');
  await assertPortFree();
  step(`Starting under ${home}: security module, KMS, enclave, proxy`);
  const relay = readRelayConfig((name) => process.env[name] ?? null, failSetting);
  const system = await startSystem({
    home,
    port,
    relay,
    metricsPort,
    logLevel: process.env['STRONGROOM_LOG_LEVEL'] ?? 'warn',
  });
  onInterrupt(system);
  step(
    system.wasGenesisRun
      ? 'Genesis: a new deployment, its root key wrapped by the simulated KMS'
      : 'Root key unsealed',
  );
  const file = await openProject(system);
  writeDevFile(home, file);
  step(`Ready. Metrics for Prometheus: ${system.metricsUrl}`);
  console.log(snippet(file));
}

/** Asked before anything is started: a second service on the same data would be one too many. @throws Error */
async function assertPortFree(): Promise<void> {
  const probe = createServer().listen(port, '127.0.0.1');
  await once(probe, 'listening').catch((cause: unknown) => {
    throw new Error(`port ${port} is taken; set PORT.`, { cause });
  });
  probe.close();
  await once(probe, 'close');
}

/** The project of the last start, or a first one with what the SDK needs. */
async function openProject(system: System): Promise<DevFile> {
  const service = connectService(system.baseUrl);
  const { measurements, rootCertificatePem } = system;
  const pins: ServicePins = { images: [measurements], customRoot: system.rootCertificate };
  const earlier = readDevFile(home);
  const isKnown = earlier !== null && !system.wasGenesisRun && earlier.baseUrl === system.baseUrl;
  if (isKnown) step(`Project ${earlier.projectId.slice(0, 12)}… of the last start`);
  await untilTokensAreTaken();
  const made = isKnown ? earlier : await createFirstProject(service, pins, system);
  const file = made.es256ApiKeyId === undefined ? await withEs256Key(made, pins) : made;
  const importPublicKeyPem = await importPublicKeyOf(service, await verifyService(service, pins), file);
  return { ...file, pcrs: pcrTable(system), rootCertificatePem, importPublicKeyPem };
}

async function createFirstProject(service: Service, pins: ServicePins, system: System): Promise<DevFile> {
  const { apiKey, walletSecret, projectId, deploymentId } = await createProject({
    service,
    pins,
    choices: {
      authorities: [`127.0.0.1:${port}`, `localhost:${port}`],
      policyAuthority: 'api-key',
      exportAllowed: true,
      scopes: SCOPES,
    },
    enrolmentToken: system.enrolmentToken,
  });
  step(
    'First project made: policies by API key and export allowed, as the SDK expects. Choose stricter for production.',
  );
  return {
    baseUrl: system.baseUrl,
    apiKeyId: apiKey.id,
    apiKeySecret: apiKey.secret,
    walletSecret: walletSecret.secret,
    pcrs: pcrTable(system),
    rootCertificatePem: system.rootCertificatePem,
    projectId: Buffer.from(projectId).toString('hex'),
    deploymentId: Buffer.from(deploymentId).toString('hex'),
  };
}

/** An enclave refuses tokens of the second in which it started, as it can't know which of them it took before. */
async function untilTokensAreTaken(): Promise<void> {
  await sleep(1005 - (Date.now() % 1000));
}

/** The SDK takes keys of two kinds; one of each is there to be tried. */
async function withEs256Key(file: DevFile, pins: ServicePins): Promise<DevFile> {
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret } = file;
  const owner = {
    baseUrl,
    pins,
    projectId: Buffer.from(file.projectId, 'hex'),
    credentials: { apiKeyId, apiKeySecret },
    walletSecret: importWalletSecret(walletSecret),
  };
  const key = makeApiKey('ES256', `organizations/${randomUUID()}/apiKeys/${randomUUID()}`);
  await addApiKey(owner, key, { scopes: SCOPES });
  return { ...file, es256ApiKeyId: key.id, es256ApiKeySecret: key.secret };
}

function pcrTable({ measurements }: System): DevFile['pcrs'] {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { '0': hex(measurements.pcr0), '1': hex(measurements.pcr1), '2': hex(measurements.pcr2) };
}

/** Ends the children too, and says so when one of them ends by itself. */
function onInterrupt(system: System): void {
  let isStopping = false;
  const stop = async (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    await system[Symbol.asyncDispose]();
    process.exit(exitCode);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      console.log('\nStopping.');
      void stop(0);
    });
  }
  for (const [name, child] of [
    ['enclave', system.enclave],
    ['proxy', system.proxy],
  ] as const) {
    child.process.on('exit', () => {
      if (isStopping) return;
      console.error(`The ${name} ended unexpectedly.`);
      void stop(1);
    });
  }
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function failSetting(name: string, problem: string): never {
  throw new Error(`${name} ${problem}`);
}

function step(text: string): void {
  console.log(`[${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s] ${text}`);
}

function explain(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `port ${port} or ${metricsPort} is taken; set PORT or METRICS_PORT.`;
  return error instanceof Error ? error.message : 'unknown error';
}

function snippet({ baseUrl }: DevFile): string {
  return `
Strongroom answers on ${baseUrl}. Secrets and PCRs are in ${devFilePath(home)}. Paste into a file beside node_modules:

  import { readFileSync } from 'node:fs';
  import { CdpClient } from '@coinbase/cdp-sdk';
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret } = JSON.parse(readFileSync('${devFilePath(home)}', 'utf8'));
  const cdp = new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath: baseUrl });
  const account = await cdp.evm.createAccount({ name: 'my-wallet' });
  console.log(account.address, await account.signMessage({ message: 'signed in the enclave' }));

"make demo" tells the whole story against it. Stop with Ctrl-C; the accounts stay.`;
}
