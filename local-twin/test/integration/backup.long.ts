// Backups under a load of creations and a rotation, from one engine into the other, and killed at random moments.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectService } from '@strongroom/client/service';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backup, inspect, makeBackupKey, restore } from '../../../parent-proxy/src/operator/backup.ts';
import { openDeployment, type StoreLocation } from '../../../parent-proxy/src/operator/deployment.ts';
import { Secret } from '../../../parent-proxy/src/secrets.ts';
import { openStore } from '../../../parent-proxy/src/store/open-store.ts';
import { type PostgresServer, startPostgres } from '../../../parent-proxy/test/store/postgres-server.ts';
import { childEnvironment } from '../../src/system/child-environment.ts';
import { type System, startSystem } from '../../src/system/start-system.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { runRotationRound, sign } from '../support/rotation-round.ts';
import { sendSigned } from '../support/signed-request.ts';

const EVM = '/v2/evm/accounts';
const KILLS = 11;
const OPERATOR = join(import.meta.dirname, '../../src/system/operator-command.ts');
const directory = mkdtempSync(join(tmpdir(), 'strongroom-backup-'));
const home = join(directory, 'home');
const sqlite = (name: string) => ({ engine: 'sqlite', directory: join(directory, name) }) as const;
const quiet = { report: () => undefined };
const anyAge = { newestKnownMs: null, seenEpoch: null, ...quiet };

let system: System;
let project: TestProject;
let key: Awaited<ReturnType<typeof makeBackupKey>>;
let deploymentId: Uint8Array;
/** Clients were told of them before the archive was begun. */
let told: `0x${string}`[];
const path = join(directory, 'under-load.age');
const archive = (name = path) => ({ path: name, identity: key.identity, deploymentId });

beforeAll(async () => {
  system = await startSystem({ home });
  project = await createTestProject(system);
  key = await makeBackupKey();
  const { manifest } = await connectService(system.baseUrl).attestation(Buffer.alloc(32, 7));
  ({ deploymentId } = decodeCbor(manifest) as { deploymentId: Uint8Array });
  writeFileSync(join(directory, 'backup.key'), key.identity, { mode: 0o600 });
  told = await createMany(600);
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

async function create(): Promise<`0x${string}`> {
  const { status, text } = await sendSigned(project, 'POST', EVM, { body: {} });
  expect(status, text).toBe(201);
  return JSON.parse(text).address;
}

async function createMany(count: number): Promise<`0x${string}`[]> {
  const created: `0x${string}`[] = [];
  const work = async () => {
    while (created.length < count) created.push(await create());
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return created;
}

/** The service anew over these databases, where its clients know it. */
async function startOn(store: Parameters<typeof startSystem>[0]['store']): Promise<void> {
  const port = Number(new URL(system.baseUrl).port);
  await system[Symbol.asyncDispose]();
  system = await startSystem({ home, port, ...(store === undefined ? {} : { store }) });
  // Tokens of before the enclave's start, to the second, are refused.
  await sleep(1005 - (Date.now() % 1000));
}

async function backUp(store: StoreLocation, to: string): Promise<void> {
  const deployment = await openDeployment({
    store,
    dialer: tcpDialer(system.enclave.port),
    credentials: { read: () => Promise.reject(new Error('not asked for')) },
  });
  try {
    await backup(deployment, { path: to, recipients: [key.recipient], ...quiet });
  } finally {
    await deployment.close();
  }
}

async function listed(): Promise<Set<string>> {
  const addresses: string[] = [];
  let query = '?pageSize=1000';
  for (;;) {
    const { text } = await sendSigned(project, 'GET', EVM, { query });
    const { accounts, nextPageToken } = JSON.parse(text);
    addresses.push(...accounts.map(({ address }: { address: string }) => address));
    if (nextPageToken === undefined) return new Set(addresses);
    query = `?pageSize=1000&pageToken=${nextPageToken}`;
  }
}

async function expectTold(sample = 40): Promise<void> {
  const there = await listed();
  expect(told.filter((address) => !there.has(address))).toEqual([]);
  const some = told.filter((_, index) => index % Math.ceil(told.length / sample) === 0);
  const refusals = await Promise.all(some.map((address) => sign(project, address)));
  expect(refusals.filter((refusal) => refusal !== null)).toEqual([]);
}

describe('a backup while keys are made and the root key is rotated', () => {
  it('restores to a service that has all that clients had been told of when it began', async () => {
    let isOver = false;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isOver) await create();
      }),
    );
    const rotation = runRotationRound({ ...system, home }, { generation: 2, kills: [] });
    const names: string[] = [];
    // One after the other while rows change generation under them; one that the root record changed under is taken again by itself.
    for (let n = 0; n < 4; n += 1) {
      const name = join(directory, `running-${n}.age`);
      await backUp(sqlite('home/data'), name);
      names.push(name);
      await sleep(300);
    }
    await rotation;
    isOver = true;
    await load;
    for (const name of names) {
      const { certificate } = await inspect(archive(name));
      expect(certificate.accounts).toBeGreaterThanOrEqual(told.length);
    }
    const [first] = names;
    await restore(sqlite('mixed'), archive(first), anyAge);
    await startOn(sqlite('mixed'));
    await expectTold();
  });
});

describe('an archive of one engine', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('fills the other, there and back', async () => {
    await backUp(sqlite('mixed'), path);
    const urls = {
      primaryUrl: await server.createDatabase('primary'),
      vaultUrl: await server.createDatabase('vault'),
    };
    const location: StoreLocation = {
      engine: 'postgres',
      primaryUrl: new Secret(urls.primaryUrl),
      vaultUrl: new Secret(urls.vaultUrl),
    };
    await restore(location, archive(), anyAge);
    await startOn({ engine: 'postgres', ...urls });
    await expectTold();
    told.push(await create());
    const back = join(directory, 'back.age');
    await backUp(location, back);
    await restore(sqlite('back'), archive(back), anyAge);
    await startOn(sqlite('back'));
    await expectTold();
  });
});

/** A command of the operator, killed a while after a file is there; without that it runs to its end. */
interface Run {
  readonly words: readonly string[];
  readonly dataDirectory: string;
  readonly kill?: { readonly whenThereIs: string; readonly afterMs: number };
}

/** @returns the exit code, null when it was killed, and how long it went on after the file was there */
async function run({ words, dataDirectory, kill }: Run): Promise<{ code: number | null; wroteMs: number }> {
  const environment = {
    STRONGROOM_DATA_DIR: dataDirectory,
    STRONGROOM_ENCLAVE_PORT: `${system.enclave.port}`,
  };
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--no-warnings', OPERATOR, ...words, '--json'],
    { env: { ...childEnvironment(), ...environment }, stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  let foundMs: number | null = null;
  const look = setInterval(() => {
    if (kill === undefined || !existsSync(kill.whenThereIs)) return;
    foundMs ??= performance.now();
    if (performance.now() - foundMs >= kill.afterMs) child.kill('SIGKILL');
  }, 1);
  const [code] = await ended;
  clearInterval(look);
  return { code, wroteMs: performance.now() - (foundMs ?? performance.now()) };
}

/** Kills a command at random moments of the time that it writes for, until that was done KILLS times. */
async function killAcross(
  attempt: (round: number, afterMs: number) => Promise<{ code: number | null; wroteMs: number }>,
): Promise<void> {
  let { code, wroteMs } = await attempt(0, Number.POSITIVE_INFINITY);
  expect(code).toBe(0);
  let killed = 0;
  for (let round = 1; killed < KILLS; round += 1) {
    expect(round, `${killed} kills, it writes for ${wroteMs} ms`).toBeLessThan(6 * KILLS);
    const last = await attempt(round, wroteMs * Math.random());
    expect([0, null]).toContain(last.code);
    if (last.code === null) killed += 1;
    // Another load of the machine than before.
    else wroteMs = last.wroteMs;
  }
}

describe('SIGKILL', () => {
  it('of a backup leaves a whole archive or none, and the next one goes through', async () => {
    const dataDirectory = join(directory, 'back');
    await killAcross(async (round, afterMs) => {
      const to = join(directory, `killed-${round}.age`);
      const words = ['backup', '--out', to, '--recipient', key.recipient];
      const outcome = await run({ words, dataDirectory, kill: { whenThereIs: `${to}.partial`, afterMs } });
      if (outcome.code === 0) expect(existsSync(to)).toBe(true);
      if (existsSync(to)) expect((await inspect(archive(to))).certificate.accounts).toBeGreaterThan(600);
      else if (round % 4 === 0) {
        expect((await run({ words, dataDirectory })).code).toBe(0);
        await inspect(archive(to));
      }
      return outcome;
    });
  });

  it('of a restore leaves nothing that a proxy opens as if it were whole, and the same command goes through', async () => {
    const { certificate } = await inspect(archive());
    const deployment = Buffer.from(deploymentId).toString('hex');
    const files = ['--in', path, '--identity', join(directory, 'backup.key')];
    const words = ['restore', ...files, '--deployment', deployment, '--yes'];
    await killAcross(async (round, afterMs) => {
      const target = sqlite(`killed-restore-${round}`);
      const { directory: dataDirectory } = target;
      const whenThereIs = join(dataDirectory, 'primary.sqlite');
      const outcome = await run({ words, dataDirectory, kill: { whenThereIs, afterMs } });
      const found = await accountsOf(target);
      expect([0, 'unopened', certificate.accounts]).toContain(found);
      if (outcome.code === 0) expect(found).toBe(certificate.accounts);
      else if (found !== certificate.accounts) {
        expect((await run({ words, dataDirectory })).code).toBe(0);
        expect(await accountsOf(target)).toBe(certificate.accounts);
      }
      return outcome;
    });
  });
});

/** How many accounts a proxy that starts on these databases has; `unopened` when it refuses them. */
async function accountsOf(location: ReturnType<typeof sqlite>): Promise<number | 'unopened'> {
  try {
    const store = await openStore(location);
    try {
      const page = { projectId: project.projectId, family: 'evm', limit: 100_000, after: null } as const;
      return (await store.listAccounts(page)).rows.length;
    } finally {
      await store.close();
    }
  } catch (error) {
    expect((error as { code?: string }).code).toMatch(/^STORE_/);
    return 'unopened';
  }
}
