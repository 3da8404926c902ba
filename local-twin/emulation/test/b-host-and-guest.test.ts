// Level B: AF_VSOCK in the guest, the host's end through vhost-device-vsock, both directions.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAll } from '../../../shared/test/vsock/check.ts';
import { prepareGround } from '../ground.ts';
import { writeGuestRamdisk } from '../guest-image.ts';
import { type HostVsock, startHostVsock } from '../host-vsock.ts';
import { bootGuest, scratchDir } from '../machine.ts';
import type { RigProcess } from '../process.ts';

const PEER_PORT = 5000;
const HOST_PORT = 6000;
const fromGuest: Buffer[] = [];
let host: HostVsock;
let guest: RigProcess;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  const ground = await prepareGround();
  const dir = resources.use(scratchDir());
  host = resources.use(await startHostVsock(ground, dir.path));
  await host.listen(HOST_PORT, (socket) => {
    socket.on('data', (bytes: Buffer) => fromGuest.push(bytes));
  });
  const ramdiskFile = join(dir.path, 'ramdisk.cpio');
  await writeGuestRamdisk(ramdiskFile, ground, { program: 'vsock-peer.ts' });
  guest = resources.use(await bootGuest(ground, dir.path, { ramdiskFile, memoryMiB: 1024, vsock: host }));
  await guest.waitForLog('PEER ready', 60_000);
});

afterAll(() => resources.disposeAsync());

function dial(port = PEER_PORT): Promise<Duplex> {
  return host.dialer(port, 10_000).dial();
}

describe('host and guest', () => {
  // The device ends a connection whole when either side ends its half, so nothing here answers after an end; level A does.
  it('100 MB to the guest arrive intact', async () => {
    const stream = await dial();
    const hash = createHash('sha256');
    const chunk = randomBytes(62_500);
    const request = Buffer.alloc(9);
    request.write('L');
    request.writeBigUInt64BE(100_000_000n, 1);
    stream.write(request);
    const started = performance.now();
    for (let n = 0; n < 1600; n++) {
      const bytes = Buffer.from(chunk);
      bytes.writeUInt32BE(n);
      hash.update(bytes);
      await writeAll(stream, bytes);
    }
    const [digest] = (await once(stream, 'data')) as [Buffer];
    console.log(`${Math.round(100e3 / (performance.now() - started))} MB/s`);
    expect(digest).toEqual(hash.digest());
    stream.destroy();
  });

  it('2,000 round trips', async () => {
    const stream = await dial();
    stream.write('E');
    const message = Buffer.alloc(64, 1);
    const started = performance.now();
    for (let n = 0; n < 2000; n++) {
      stream.write(message);
      for (let missing = message.length; missing > 0; )
        missing -= ((await once(stream, 'data')) as [Buffer])[0].length;
    }
    console.log(`${Math.round(2000 / ((performance.now() - started) / 1000))} round trips/s`);
    stream.destroy();
  });

  it('a port where nobody listens is refused', async () => {
    await expect(dial(5999)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('the guest dials the host, and its errors carry the errno', async () => {
    await guest.waitForLog('PEER done', 60_000);
    expect(fromGuest.map(String)).toEqual(['from the guest']);
    const [, json = ''] = /^PEER dialled (.*?)\r?$/m.exec(guest.log()) ?? [];
    expect(JSON.parse(json)).toEqual({
      host: 'connected',
      unknownCid: 'ETIMEDOUT',
      unknownCidMs: expect.any(Number),
    });
    const { unknownCidMs } = JSON.parse(json) as { unknownCidMs: number };
    expect(unknownCidMs).toBeGreaterThanOrEqual(500);
    expect(unknownCidMs).toBeLessThan(1500);
  });
});
