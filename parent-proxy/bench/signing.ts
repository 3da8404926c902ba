import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NO_RELAY } from '@strongroom/chain-relay/relay-config';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { pino } from 'pino';
import { staticCredentials } from '../src/enclave/credentials.ts';
import { startProxy } from '../src/start-proxy.ts';
import { openStore } from '../src/store/open-store.ts';
import { newAccount, newProject } from '../test/store/store-fixtures.ts';

// What the proxy's share of a signing request costs: its CPU time per request over real HTTP and the real protocol, with an enclave
// in another process that answers at once, and a store of `ACCOUNTS` accounts (default 1000).
const ACCOUNTS = Number(process.env['ACCOUNTS'] ?? 1000);
const REQUESTS = Number(process.env['REQUESTS'] ?? 6000);
const CONNECTIONS = [1, 16, 64];

function startChild(file: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return fork(path, args, { execArgv: ['--conditions=source'] });
}

const directory = mkdtempSync(join(tmpdir(), 'strongroom-bench-'));
const store = await openStore({ engine: 'sqlite', directory });
await store.insertRootRecordIfAbsent(Uint8Array.of(0xa0));
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const apiKeyId = 'c0ffee00-2222-4333-8444-555555555555';
const project = newProject([apiKeyId], publicKey.export({ format: 'der', type: 'spki' }));
await store.addProject(project);
const addresses: string[] = [];
for (let i = 0; i < ACCOUNTS; i += 1) {
  const account = newAccount(project.rows.projectId);
  await store.addAccount(account, null);
  addresses.push(account.address);
}

const enclave = startChild('./enclave-stub.ts');
const [enclavePort] = (await once(enclave, 'message')) as [number];
const proxy = await startProxy({
  config: {
    host: '127.0.0.1',
    port: 0,
    authorities: null,
    enrolmentTokens: [],
    rateLimits: { perKey: 1_000_000, perProject: 1_000_000 },
    trustedProxies: [],
    relay: NO_RELAY,
  },
  store,
  dialer: tcpDialer(enclavePort),
  credentials: staticCredentials({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: null }),
  log: pino({ base: null }, pino.destination({ dest: '/dev/null', sync: false })),
});
await proxy.enclave.settle();

function bearerToken(path: string): string {
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: apiKeyId,
    iss: 'cdp',
    uris: [`POST 127.0.0.1:${proxy.port}${path}`],
    iat: now,
    nbf: now,
    exp: now + 120,
  };
  const header = { alg: 'EdDSA', kid: apiKeyId, typ: 'JWT', nonce: randomBytes(16).toString('hex') };
  const input = `${segment(header)}.${segment(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

async function measure(connections: number, requests: number) {
  const picked = Array.from(
    { length: Math.min(200, ACCOUNTS) },
    () => addresses[Math.floor(Math.random() * ACCOUNTS)],
  );
  const targets = picked.map((address) => {
    const path = `/v2/evm/accounts/${address}/sign/transaction`;
    return { path, authorization: `Bearer ${bearerToken(path)}` };
  });
  const load = startChild('./load.ts');
  await once(load, 'message');
  const before = process.cpuUsage();
  const started = performance.now();
  load.send({ port: proxy.port, connections, requests, targets });
  const [{ failures }] = (await once(load, 'message')) as [{ failures: number }];
  const { user, system } = process.cpuUsage(before);
  load.kill();
  if (failures > 0) throw new Error(`${failures} of ${requests} requests failed`);
  const perSecond = requests / ((performance.now() - started) / 1000);
  return { cpuUs: (user + system) / requests, perSecond };
}

await measure(16, 2000);
for (const connections of CONNECTIONS) {
  const { cpuUs, perSecond } = await measure(connections, REQUESTS);
  const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `${connections} connections: ${cpuUs.toFixed(0)} us of proxy CPU, ${perSecond.toFixed(0)} requests/s, ${rss} MiB`,
  );
}
await proxy.close();
enclave.kill();
rmSync(directory, { recursive: true, force: true });
