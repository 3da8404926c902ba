// `make dev`: the whole service in the foreground, with a first project, on 127.0.0.1.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { readRelayConfig } from '@strongroom/chain-relay/relay-config';
import { ChildError } from '../system/child.ts';
import { NotReadyError, type System, startSystem } from '../system/start-system.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../system/twin-configuration.ts';
import { type DevFile, devFilePath, readDevFile, writeDevFile } from './dev-file.ts';
import { openProject } from './first-project.ts';
import { homeOf, takeHome, writeOperatorFiles } from './home.ts';

const home = homeOf(process.env);
const port = Number(process.env['PORT'] || 8787);
/** 0 takes a free one. */
const metricsPort = Number(process.env['METRICS_PORT'] || 0);
/** Of the simulated KMS: `genesis` also admits what a rotation of the root key asks for. */
const keyPolicy = process.env['KEY_POLICY'] || 'operational';
/** So that a recovery can be tried within a minute. */
const MIN_RECOVERY_WAIT_MS = 1000;
const startedMs = performance.now();
/** Of the databases under the home. */
const STORE_PROBLEMS: Readonly<Record<string, string>> = {
  STORE_NEWER_SCHEMA: `a newer version of Strongroom wrote ${home}; use that one, or set STRONGROOM_HOME.`,
  STORE_READ_ONLY: `the databases in ${home} cannot be written to.`,
  STORE_FULL: `the disk of ${home} is full.`,
  STORE_CORRUPT: `the databases in ${home} are damaged; set STRONGROOM_HOME to start anew.`,
  STORE_WRONG_DATABASE: `the databases in ${home} do not belong together; set STRONGROOM_HOME to start anew.`,
};

try {
  await run();
} catch (error) {
  console.error(`\nmake dev could not start: ${explain(error)}`);
  process.exit(1);
}

async function run(): Promise<void> {
  if (port === 0 || !isPort(port)) throw new Error('PORT must be a port number');
  if (!isPort(metricsPort)) throw new Error('METRICS_PORT must be a port number');
  if (keyPolicy !== 'operational' && keyPolicy !== 'genesis')
    throw new Error('KEY_POLICY must be operational or genesis');
  await assertPortFree('PORT', port);
  await assertPortFree('METRICS_PORT', metricsPort);
  takeHome(home);
  // Unreadable, it is better known before anything is started.
  readDevFile(home);
  step(`Starting under ${home}: security module, KMS, enclave, proxy`);
  const relay = readRelayConfig((name) => process.env[name] ?? null, failSetting);
  const system = await startSystem({
    home,
    port,
    relay,
    metricsPort,
    limits: { minRecoveryWaitMs: MIN_RECOVERY_WAIT_MS },
    logLevel: process.env['STRONGROOM_LOG_LEVEL'] ?? 'warn',
  });
  onInterrupt(system);
  step(
    system.wasGenesisRun
      ? 'Genesis: a new deployment, its root key wrapped by the simulated KMS'
      : 'Root key unsealed',
  );
  if (keyPolicy === 'genesis')
    system.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([system.measurements], 'genesis'));
  const file = await openProject(system, home, step);
  writeDevFile(home, file);
  writeOperatorFiles(home, system);
  step(`Ready. Metrics for Prometheus: ${system.metricsUrl}`);
  console.log(snippet(file));
}

/** Asked before anything is started: a second service on the same data would be one too many. @throws Error */
async function assertPortFree(setting: string, wanted: number): Promise<void> {
  const probe = createServer().listen(wanted, '127.0.0.1');
  await once(probe, 'listening').catch((cause: unknown) => {
    const isTaken = (cause as { code?: unknown }).code === 'EADDRINUSE';
    throw new Error(`port ${wanted} ${isTaken ? 'is taken' : 'is not yours to use'}; set ${setting}.`, {
      cause,
    });
  });
  probe.close();
  await once(probe, 'close');
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
  if (error instanceof NotReadyError && /^(KMS_DENIED|ROOT_RECORD_REFUSED)$/.test(error.code ?? ''))
    return `the databases in ${home} and the simulated KMS in ${home}/twin are not of one deployment (${error.code}); bring back the other one, or set STRONGROOM_HOME to start anew.`;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `port ${port} or ${metricsPort} is taken; set PORT or METRICS_PORT.`;
  if (error instanceof ChildError) return STORE_PROBLEMS[error.code] ?? error.message;
  return error instanceof Error ? error.message : 'unknown error';
}

function snippet({ baseUrl }: DevFile): string {
  return `
Strongroom answers on ${baseUrl}. Secrets and PCRs are in ${devFilePath(home)}. Paste into a file beside node_modules:

  import { readFileSync } from 'node:fs';
  import { CdpClient } from '@coinbase/cdp-sdk';
  // Or the SDK reports each call to Coinbase, with your API key's id.
  process.env.DISABLE_CDP_ERROR_REPORTING = process.env.DISABLE_CDP_USAGE_TRACKING = 'true';
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret } = JSON.parse(readFileSync('${devFilePath(home)}', 'utf8'));
  const cdp = new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath: baseUrl });
  const account = await cdp.evm.getOrCreateAccount({ name: 'my-wallet' });
  console.log(account.address, await account.signMessage({ message: 'signed in the enclave' }));

"make demo" tells the whole story against it. Stop with Ctrl-C; the accounts stay.`;
}
