// A relay that takes the enclave's KMS connection and says nothing, or as little as it can: the enclave must not wait for ever.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { openTlsAuthority } from '../../src/kms/tls-authority.ts';

const directory = mkdtempSync(join(tmpdir(), 'strongroom-silent-'));
let lab: Laboratory;

beforeAll(async () => {
  lab = await openLaboratory();
  await lab.rootRecord();
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** The relay of one enclave, which a test can point at KMS again. */
async function expectGivenUp(relayPort: number, trustRootsPem: string): Promise<void> {
  let port = relayPort;
  await using enclave = await lab.boot({
    kmsRelay: () => ({ dial: () => tcpDialer(port).dial() }),
    kmsTrustRootsPem: `${trustRootsPem}\n${lab.kms.caPem}`,
  });
  const rootRecord = await lab.rootRecord();
  const startedMs = performance.now();
  await expect(enclave.call(loadRootRecord, { rootRecord }, 60_000)).rejects.toThrow(
    expect.objectContaining({ code: 'KMS_UNREACHABLE' }),
  );
  expect(performance.now() - startedMs).toBeLessThan(25_000);
  expect(await enclave.call(getStatus, {})).toMatchObject({
    phase: 'needs-root-record',
    reason: 'KMS_UNREACHABLE',
  });
  port = lab.kms.port;
  expect(await enclave.call(loadRootRecord, { rootRecord })).toEqual({ phase: 'ready' });
}

it('silence before TLS is given up, and KMS is found again afterwards', async () => {
  const held: Socket[] = [];
  const server = createServer((socket) => held.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await expectGivenUp((server.address() as { port: number }).port, '');
  for (const socket of held) socket.destroy();
  server.close();
});

it('an answer that trickles without end is given up', async () => {
  const authority = openTlsAuthority(directory);
  const timers: NodeJS.Timeout[] = [];
  const server = createTlsServer(
    { SNICallback: (name, done) => done(null, authority.contextFor(name)) },
    (socket) => {
      socket.on('error', () => undefined);
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 9999\r\n\r\n',
      );
      timers.push(setInterval(() => socket.write(' '), 200));
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await expectGivenUp((server.address() as { port: number }).port, authority.caPem);
  for (const timer of timers) clearInterval(timer);
  server.close();
});
