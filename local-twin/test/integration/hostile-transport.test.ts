// A parent that misuses the enclave's one listener: floods, silence, garbage, slow readers. What it may not get is growth, a hang or a crash.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { getMetrics } from '@strongroom/shared/operations/get-metrics';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { decodeResponse, encodeRequest } from '@strongroom/shared/wire/envelope';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from '@strongroom/shared/wire/frame';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

const MAX_CONNECTIONS = 16;
let lab: Laboratory;
let enclave: LabEnclave;
const sockets: Socket[] = [];

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await expect.poll(openConnections, { timeout: 30_000 }).toBe(1);
  expect(enclave.internalErrors).toEqual([]);
});

const openConnections = async () => (await enclave.call(getMetrics, {})).connections.open;

/** A connection that a test uses as it likes; whether it is still one is seen at `closed`. */
function dial({ port }: LabEnclave = enclave): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Everything that the enclave says until it hangs up. */
async function answersOf(socket: Socket): Promise<ReturnType<typeof decodeResponse>[]> {
  const reader = new FrameReader();
  const answers = [];
  for await (const chunk of socket as AsyncIterable<Uint8Array>) {
    for (const payload of reader.push(chunk)) answers.push(decodeResponse(payload));
  }
  return answers;
}

async function isAnsweredSoon(asked = enclave): Promise<void> {
  const startedMs = performance.now();
  expect((await asked.call(getStatus, {})).phase).toBe('ready');
  expect(performance.now() - startedMs).toBeLessThan(3000);
}

const residentMiB = async () => (await enclave.call(getMetrics, {})).memory.residentMiB;
const statusRequest = (id: number) => encodeFrame(encodeRequest({ id, op: 'get-status', body: {} }));

describe('connections', () => {
  it('that say nothing are bounded, and keep nobody out who is in', async () => {
    for (let index = 0; index < 300; index += 1) dial();
    const closed = () => sockets.filter((socket) => socket.closed).length;
    await expect.poll(closed, { timeout: 10_000 }).toBeGreaterThanOrEqual(300 - MAX_CONNECTIONS);
    expect(await openConnections()).toBeLessThanOrEqual(MAX_CONNECTIONS);
    await isAnsweredSoon();
  });

  it('are given back: dropped in the middle of a frame, half-closed, and idle ones', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    for (let round = 0; round < 40; round += 1) {
      const batch = Array.from({ length: 10 }, () => dial());
      batch.forEach((socket, index) => {
        if (index % 3 === 0) socket.resume().end(statusRequest(1));
        else socket.write(statusRequest(1).subarray(0, 7), () => socket.destroy());
      });
      for (const socket of batch) if (!socket.closed) await once(socket, 'close');
    }
    await expect.poll(openConnections, { timeout: 10_000 }).toBe(1);
    await expect.poll(descriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before + 2);
  });
});

describe('bytes that are no frame', () => {
  it.each([
    ['a request of HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'FRAME_TOO_LARGE'],
    ['a hello of TLS', Buffer.from('16030100f8010000f4', 'hex'), 'FRAME_TOO_LARGE'],
    ['a length of 4 GiB', Buffer.from('ffffffff', 'hex'), 'FRAME_TOO_LARGE'],
    ['a byte more than a frame may have', lengthOf(MAX_FRAME_BYTES + 1), 'FRAME_TOO_LARGE'],
    ['a length of zero', Buffer.from('00000000', 'hex'), 'FRAME_EMPTY'],
  ])('%s: said why, once, and hung up', async (_name, bytes, code) => {
    const socket = dial();
    socket.write(bytes);
    expect(await answersOf(socket)).toEqual([{ id: 0, err: { code } }]);
    await isAnsweredSoon();
  });

  it('but a frame of garbage is answered, and the connection goes on', async () => {
    const socket = dial();
    socket.write(encodeFrame(Buffer.from('garbage in a frame')));
    socket.write(statusRequest(7));
    setTimeout(() => socket.end(), 100);
    expect(await answersOf(socket)).toMatchObject([
      { id: 0, err: { code: expect.stringMatching(/^CBOR_/) } },
      { id: 7, ok: { phase: 'ready' } },
    ]);
  });

  it('as lengths that are promised and never sent reserve no memory', async () => {
    const before = await residentMiB();
    for (let round = 0; round < 20; round += 1) {
      for (const socket of Array.from({ length: 10 }, () => dial())) socket.write(lengthOf(MAX_FRAME_BYTES));
      await sleep(10);
    }
    await isAnsweredSoon();
    expect((await residentMiB()) - before).toBeLessThan(60);
  });
});

describe('a peer that is slow', () => {
  it('to read stalls itself: no answers are prepared for it without end', async () => {
    // An enclave of its own: level B's vsock device does not tell its guest of a connection that ends while it is full.
    await using own = await lab.bootReady();
    const attested = async () =>
      (await own.call(getMetrics, {})).requests.find(({ operation }) => operation === 'get-attestation')
        ?.count ?? 0;
    const before = await attested();
    const greedy = dial(own);
    greedy.pause();
    const asked = 8000;
    for (let id = 1; id <= asked; id += 1) {
      greedy.write(
        encodeFrame(encodeRequest({ id, op: 'get-attestation', body: { nonce: Buffer.alloc(16) } })),
      );
    }
    await isAnsweredSoon(own);
    let last = -1;
    const isStalled = async () => {
      const earlier = last;
      last = await attested();
      return last === earlier;
    };
    await expect.poll(isStalled, { interval: 400, timeout: 50_000 }).toBe(true);
    expect(last).toBeGreaterThan(before);
    expect(last - before).toBeLessThan(asked / 2);
    await isAnsweredSoon(own);
  });

  it('to write, a byte at a time, is answered in the end, and others meanwhile', async () => {
    const socket = dial();
    const request = statusRequest(3);
    for (const byte of request) {
      socket.write(Uint8Array.of(byte));
      await sleep(2);
    }
    await isAnsweredSoon();
    const reader = new FrameReader();
    const [chunk] = (await new Promise<[Uint8Array]>((done) =>
      socket.once('data', (data: Uint8Array) => done([data])),
    )) as [Uint8Array];
    const [answer] = [...reader.push(chunk)].map(decodeResponse);
    expect(answer).toMatchObject({ id: 3, ok: { phase: 'ready' } });
  });

  it('because its frames are the largest there are, on every connection, holds nobody else up', async () => {
    await using own = await lab.bootReady();
    const before = await residentMiB();
    const body = { nonce: Buffer.alloc(MAX_FRAME_BYTES - 200) };
    const large = encodeFrame(encodeRequest({ id: 1, op: 'get-attestation', body }));
    for (const socket of Array.from({ length: MAX_CONNECTIONS - 1 }, () => dial(own))) {
      for (let index = 0; index < 8; index += 1) socket.write(large);
    }
    await sleep(500);
    await isAnsweredSoon(own);
    expect((await own.call(getAttestation, { nonce: Buffer.alloc(16) })).manifest.length).toBeGreaterThan(0);
    // On a laptop this process holds the frames of both sides.
    expect((await residentMiB()) - before).toBeLessThan(400);
  });
});

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}
