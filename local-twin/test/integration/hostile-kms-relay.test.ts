// A parent that relays the enclave's KMS connection elsewhere, or hands over credentials of somebody else.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { getMetrics } from '@strongroom/shared/operations/get-metrics';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { readEvents } from '@strongroom/shared/operations/read-events';
import { setCredentials } from '@strongroom/shared/operations/set-credentials';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { openTlsAuthority, type TlsAuthority } from '../../src/kms/tls-authority.ts';
import { TWIN_CREDENTIALS } from '../../src/system/twin-configuration.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const KMS_HOST = 'kms.us-east-1.amazonaws.com';
const directory = mkdtempSync(join(tmpdir(), 'strongroom-relay-'));
let lab: Laboratory;
let authority: TlsAuthority;
const servers: Server[] = [];

beforeAll(async () => {
  lab = await openLaboratory();
  await lab.rootRecord();
  authority = openTlsAuthority(join(directory));
});
afterAll(async () => {
  for (const server of servers) server.close();
  await lab[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

interface Impostor {
  readonly port: number;
  /** Bytes of the enclave that it could read. */
  readonly seen: () => number;
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** A TLS server that shows the certificate of `host`, whatever name is asked for, and answers nothing. */
async function startImpostor(host: string, of: TlsAuthority = authority): Promise<Impostor> {
  let seen = 0;
  const server = createServer({ SNICallback: (_name, done) => done(null, of.contextFor(host)) }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Uint8Array) => {
      seen += bytes.length;
      socket.destroy();
    });
  });
  server.on('tlsClientError', () => undefined);
  return { port: await listening(server), seen: () => seen };
}

async function outcomeAt(port: number): Promise<unknown> {
  await using enclave = await lab.boot({
    kmsRelay: () => tcpDialer(port),
    kmsTrustRootsPem: authority.caPem,
  });
  const rootRecord = await lab.rootRecord();
  const outcome = await enclave.call(loadRootRecord, { rootRecord }).catch((error: unknown) => error);
  expect(await enclave.call(getStatus, {})).toMatchObject({
    phase: 'needs-root-record',
    reason: 'KMS_UNREACHABLE',
  });
  return outcome;
}

describe('the connection to KMS, redirected', () => {
  it.each([
    ['of another Region', 'kms.us-west-2.amazonaws.com'],
    ['of another partition', 'kms.us-east-1.amazonaws.com.cn'],
  ])('to a server %s, under the right authority: TLS refuses, and nothing is sent', async (_name, host) => {
    const impostor = await startImpostor(host);
    expect(await outcomeAt(impostor.port)).toEqual(code('KMS_UNREACHABLE'));
    expect(impostor.seen()).toBe(0);
  });

  it('to a server of the right name under another authority', async () => {
    const other = openTlsAuthority(mkdtempSync(join(directory, 'other-')));
    const impostor = await startImpostor(KMS_HOST, other);
    expect(await outcomeAt(impostor.port)).toEqual(code('KMS_UNREACHABLE'));
    expect(impostor.seen()).toBe(0);
  });

  it('to a server that is the right one: the same test sees the request', async () => {
    const right = await startImpostor(KMS_HOST);
    expect(await outcomeAt(right.port)).toEqual(code('KMS_UNREACHABLE'));
    expect(right.seen()).toBeGreaterThan(100);
  });

  it('to one that speaks no TLS, or hangs up', async () => {
    const plain = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
    });
    expect(await outcomeAt(await listening(plain))).toEqual(code('KMS_UNREACHABLE'));
    const mute = createTcpServer((socket) => socket.destroy());
    expect(await outcomeAt(await listening(mute))).toEqual(code('KMS_UNREACHABLE'));
  });
});

describe('credentials', () => {
  const expiresAtMs = Date.now() + 3_600_000;
  const foreign = { accessKeyId: 'ASIAFOREIGNACCOUNT01', secretAccessKey: 'foreign' };
  const expired = { accessKeyId: 'ASIAEXPIRED000000001', secretAccessKey: 'expired' };
  const own = {
    accessKeyId: TWIN_CREDENTIALS.accessKeyId,
    secretAccessKey: TWIN_CREDENTIALS.secretAccessKey,
    sessionToken: null,
    expiresAtMs,
  };

  beforeAll(() => {
    const principalArn = 'arn:aws:iam::999988887777:role/strongroom-parent';
    lab.kms.addCredential({ ...foreign, principalArn });
    lab.kms.addCredential({
      ...expired,
      principalArn: TWIN_CREDENTIALS.principalArn,
      expiresAtMs: Date.now() - 1,
    });
  });

  it.each([
    ['of another account', foreign],
    ['that have expired', expired],
    ['of nobody', { accessKeyId: 'ASIANOBODY', secretAccessKey: 'x' }],
    ['with another secret', { ...own, secretAccessKey: 'x' }],
  ])('%s open nothing, and the right ones mend it', async (_name, { accessKeyId, secretAccessKey }) => {
    await using enclave = await lab.boot({ withoutCredentials: true });
    await enclave.call(setCredentials, { accessKeyId, secretAccessKey, sessionToken: null, expiresAtMs });
    const rootRecord = await lab.rootRecord();
    await expect(enclave.call(loadRootRecord, { rootRecord })).rejects.toThrow(code('KMS_DENIED'));
    const { events } = await enclave.call(readEvents, { after: 0 });
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'kms-call-failed',
        call: 'CheckKey',
        keyIndex: 0,
        code: 'KMS_DENIED',
      }),
    );
    const { kmsCalls } = await enclave.call(getMetrics, {});
    expect(kmsCalls).toEqual([{ call: 'CheckKey', outcome: 'KMS_DENIED', count: 1 }]);
    await enclave.call(setCredentials, own);
    expect(await enclave.call(loadRootRecord, { rootRecord })).toEqual({ phase: 'ready' });
  });

  it('replaced under an enclave that signs take nothing from it', async () => {
    await using enclave = await lab.bootReady();
    await enclave.call(setCredentials, { ...foreign, sessionToken: null, expiresAtMs });
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: 'KMS_DENIED' });
    expect((await enclave.call(issueProjectNonce, {})).nonce).toHaveLength(32);
    await enclave.call(setCredentials, own);
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: null });
  });
});
