import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type Check, type CheckTarget, dial, dialUnix, readAll, startPeer, writeAll } from './check.ts';
import { ensure, residentMb, until } from './process-state.ts';

const MESSAGE_BYTES = 64;

const bulkUp: Check = {
  name: '100 MB to the peer arrive intact',
  async run(target) {
    await using _peer = await startPeer(target);
    const total = Math.round(100e6 * target.scale);
    const stream = await dial(target);
    const hash = createHash('sha256');
    const chunk = Buffer.alloc(65_536);
    const started = performance.now();
    stream.write('S');
    for (let sent = 0, n = 0; sent < total; n++) {
      chunk.fill(n & 0xff);
      const bytes = Buffer.from(chunk.subarray(0, Math.min(chunk.length, total - sent)));
      hash.update(bytes);
      sent += bytes.length;
      await writeAll(stream, bytes);
    }
    stream.end();
    const answer = await readAll(stream);
    ensure(answer.equals(hash.digest()), 'the peer received other bytes');
    return { mbPerSecond: Math.round(total / 1e3 / (performance.now() - started)) };
  },
};

const bulkDown: Check = {
  name: '100 MB from the peer arrive intact',
  async run(target) {
    await using _peer = await startPeer(target);
    const total = Math.round(100e6 * target.scale);
    const stream = await dial(target);
    const request = Buffer.alloc(9);
    request.write('G');
    request.writeBigUInt64BE(BigInt(total), 1);
    const started = performance.now();
    stream.end(request);
    let received = 0;
    let foreign = 0;
    for await (const chunk of stream) {
      const bytes = chunk as Buffer;
      received += bytes.length;
      if (!bytes.equals(Buffer.alloc(bytes.length, 0x5a))) foreign++;
    }
    ensure(
      received === total && foreign === 0,
      `${received} of ${total} bytes arrived, ${foreign} chunks differ`,
    );
    return { mbPerSecond: Math.round(total / 1e3 / (performance.now() - started)) };
  },
};

/** Round trips of a small message, one at a time; returns them per second. */
async function roundTrips(stream: Duplex, count: number): Promise<number> {
  const message = Buffer.alloc(MESSAGE_BYTES, 1);
  let missing = 0;
  let arrived: () => void = () => undefined;
  stream.on('data', (bytes: Buffer) => {
    missing -= bytes.length;
    if (missing === 0) arrived();
  });
  stream.write('E');
  const started = performance.now();
  for (let n = 0; n < count; n++) {
    missing = MESSAGE_BYTES;
    const answer = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    stream.write(message);
    await answer;
  }
  const rate = (count / (performance.now() - started)) * 1000;
  stream.destroy();
  return rate;
}

async function measureRate(target: CheckTarget, kind: 'vsock' | 'unix', count: number): Promise<number> {
  await using _peer = await startPeer(target, kind);
  return await roundTrips(kind === 'vsock' ? await dial(target) : await dialUnix(target), count);
}

const smallMessages: Check = {
  name: '10,000 round trips of 64 bytes at 0.6 of the rate of AF_UNIX or more',
  async run(target) {
    const rounds = 5;
    const count = Math.round((10_000 * target.scale) / rounds);
    // Alternating, so that a slow moment of the machine meets both; each round's ratio counts, the median decides.
    const ratios: number[] = [];
    let vsockRate = 0;
    let unixRate = 0;
    for (let round = 0; round < rounds; round++) {
      unixRate = await measureRate(target, 'unix', count);
      vsockRate = await measureRate(target, 'vsock', count);
      ratios.push(vsockRate / unixRate);
    }
    const ratio = ratios.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
    ensure(ratio >= 0.6, `round trips per second are ${ratio.toFixed(2)} of AF_UNIX`);
    return { ratio: ratio.toFixed(2), perSecond: Math.round(vsockRate), unixPerSecond: Math.round(unixRate) };
  },
};

const stoppedReader: Check = {
  name: 'a peer that stops reading stalls nothing and grows nothing',
  async run(target) {
    await using peer = await startPeer(target);
    const stuck = await dial(target);
    stuck.on('error', () => undefined);
    const chunk = Buffer.alloc(65_536);
    stuck.write('S');
    await new Promise((resolve) => setTimeout(resolve, 300));
    peer.child.kill('SIGSTOP');
    const before = residentMb();
    let accepted = 0;
    let hasRoom = true;
    while (hasRoom && accepted < 100e6) {
      hasRoom = stuck.write(chunk);
      accepted += chunk.length;
      if (!hasRoom)
        hasRoom = await Promise.race([once(stuck, 'drain').then(() => true), delay(500).then(() => false)]);
    }
    ensure(accepted < 20e6, `${accepted} bytes were taken for a peer that reads nothing`);
    const stall = await longestStallMs(1000);
    ensure(residentMb() - before < 30, `memory grew by ${residentMb() - before} MB`);
    peer.child.kill('SIGCONT');
    await until('the stuck stream to drain', () => stuck.writableLength === 0);
    stuck.destroy();
    return { takenBytes: accepted, stallMs: Math.round(stall) };
  },
};

const stoppedConsumer: Check = {
  name: 'a consumer that pauses leaves the bytes with the sender',
  async run(target) {
    await using _peer = await startPeer(target);
    const stream = await dial(target);
    const request = Buffer.alloc(9);
    request.write('G');
    request.writeBigUInt64BE(BigInt(200_000_000), 1);
    const before = residentMb();
    stream.write(request);
    await until('the first bytes', () => stream.readableLength > 0 || stream.read(0) !== null);
    await delay(1500);
    ensure(stream.readableLength <= 256 * 1024, `${stream.readableLength} bytes wait for a paused consumer`);
    ensure(residentMb() - before < 30, `memory grew by ${residentMb() - before} MB`);
    const waiting = stream.readableLength;
    stream.destroy();
    return { waitingBytes: waiting };
  },
};

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Longest time for which the event loop did not turn. */
async function longestStallMs(durationMs: number): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 10);
  await delay(durationMs);
  clearInterval(timer);
  ensure(longest < 500, `the event loop stood for ${longest} ms`);
  return longest;
}

/** What a stream carries, and how fast. */
export const transferChecks: readonly Check[] = [
  bulkUp,
  bulkDown,
  smallMessages,
  stoppedReader,
  stoppedConsumer,
];
