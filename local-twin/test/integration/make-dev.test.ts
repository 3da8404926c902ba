// `make dev` as a developer has it: a process, a file, and the official SDK.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CdpClient } from '@coinbase/cdp-sdk';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DevFile } from '../../src/dev/dev-file.ts';
import { childEnvironment } from '../../src/system/child-environment.ts';

process.env['DISABLE_CDP_ERROR_REPORTING'] = 'true';
process.env['DISABLE_CDP_USAGE_TRACKING'] = 'true';

const MAIN = join(import.meta.dirname, '../../src/dev/main.ts');
let home: string;
let port: number;
let running: ChildProcess;
const started: ChildProcess[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'strongroom-dev-'));
  port = await freePort();
});
afterAll(async () => {
  for (const child of started) await stop(child);
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({
  ...childEnvironment(),
  HOME: process.env['HOME'],
  STRONGROOM_HOME: home,
  PORT: `${port}`,
});

/** @returns what it wrote until it was ready, or ended */
async function start(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const env = { ...environment(), ...settings };
  running = spawn(process.execPath, ['--conditions=source', '--no-warnings', MAIN], { env });
  started.push(running);
  let output = '';
  return await new Promise((resolve) => {
    for (const stream of [running.stdout, running.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('Stop with Ctrl-C')) resolve(output);
      });
    running.once('close', () => resolve(output));
  });
}

async function stop(child = running): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  child.kill('SIGINT');
  await once(child, 'exit');
  return child.exitCode;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as { port: number };
  probe.close();
  return free;
}

function run(main: string, ...words: string[]) {
  const path = join(import.meta.dirname, '../../src', main);
  const args = ['--conditions=source', '--no-warnings', path, ...words];
  return spawnSync(process.execPath, args, { env: environment(), encoding: 'utf8' });
}

const readFile = () => JSON.parse(readFileSync(join(home, 'dev.json'), 'utf8')) as DevFile;

it('serves the SDK with either of its keys, under either base path, and keeps all over a restart', async () => {
  expect(await start()).toContain(`Strongroom answers on http://127.0.0.1:${port}`);
  const file = readFile();
  const hex96 = expect.stringMatching(/^[0-9a-f]{96}$/);
  expect(file).toMatchObject({
    baseUrl: `http://127.0.0.1:${port}`,
    pcrs: { '0': hex96, '1': hex96, '2': hex96 },
    rootCertificatePem: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
    importPublicKeyPem: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
    es256ApiKeySecret: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----/),
  });
  expect(statSync(join(home, 'dev.json')).mode & 0o777).toBe(0o600);
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret, importPublicKeyPem = '' } = file;
  const { es256ApiKeyId = '', es256ApiKeySecret = '' } = file;
  const privateKey = generatePrivateKey();
  const { address } = privateKeyToAccount(privateKey);
  const first = new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath: baseUrl });
  await first.evm.importAccount({ privateKey, name: 'kept', encryptionPublicKey: importPublicKeyPem });
  const basePath = `${baseUrl.replace('127.0.0.1', 'localhost')}/platform`;
  const es256 = { apiKeyId: es256ApiKeyId, apiKeySecret: es256ApiKeySecret, walletSecret };
  const second = new CdpClient({ ...es256, basePath });
  expect(await second.evm.exportAccount({ name: 'kept' })).toBe(privateKey.slice(2));
  const rules = [{ action: 'reject', operation: 'signEvmHash' }] as const;
  const { id } = await second.policies.createPolicy({ policy: { scope: 'account', rules: [...rules] } });
  await second.policies.deletePolicy({ id });

  expect(await stop()).toBe(0);
  expect(run('demo/main.ts')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('nobody answers at'),
  });
  expect(await start()).toContain('of the last start');
  expect(readFile()).toEqual(file);
  const account = await second.evm.getAccount({ name: 'kept' });
  expect(account.address).toBe(address);
  await account.signMessage({ message: 'still here' });
});

it('holds in every step of `make demo`', () => {
  const stdout = expect.stringContaining('All 9 steps hold.');
  expect(run('demo/main.ts')).toMatchObject({ status: 0, stdout });
});

it('lets an operator try his commands, and an owner make projects', async () => {
  const { status, stdout } = run('dev/operate.ts', 'root-key', 'status', '--json');
  expect([status, JSON.parse(stdout).generation]).toEqual([0, 1]);
  expect(readFileSync(join(home, 'enrolment-token'), 'utf8')).toMatch(/^[\w-]{43}\n$/);
});

it('says which port is taken, and that another one runs on the same home', async () => {
  expect(running.exitCode).toBeNull();
  expect(await start()).toContain(`port ${port} is taken`);
  expect(await stop()).toBe(1);
  const PORT = `${await freePort()}`;
  expect(await start({ PORT })).toContain('another "make dev" runs on');
  expect(await stop()).toBe(1);
  expect(await start({ PORT, METRICS_PORT: `${port}` })).toContain('set METRICS_PORT.');
  expect(await stop()).toBe(1);
});

it('says that the databases are damaged', async () => {
  const damaged = join(home, 'damaged');
  mkdirSync(join(damaged, 'data'), { recursive: true, mode: 0o700 });
  writeFileSync(join(damaged, 'data/primary.sqlite'), Buffer.alloc(8192, 0x5a), { mode: 0o600 });
  const output = await start({ PORT: `${await freePort()}`, STRONGROOM_HOME: damaged });
  expect(output).toContain('make dev could not start: the databases in');
  expect(await stop()).toBe(1);
});
