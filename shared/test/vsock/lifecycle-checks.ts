import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { listenStreams } from '@strongroom/shared/transport/vsock-listener';
import type { VsockStream } from '@strongroom/shared/transport/vsock-stream';
import { type Check, type CheckTarget, dial, programBeside, readAll, startPeer } from './check.ts';
import { ensure, openSockets, threadCount, until } from './process-state.ts';

/** Listens in this process and keeps what it accepted. */
function listenHere(target: CheckTarget, maxConnections = 1000) {
  const accepted: VsockStream[] = [];
  const listener = listenStreams(target.addon, {
    cid: target.listenCid,
    port: target.port,
    maxConnections,
    onConnection(stream) {
      stream.on('error', () => stream.destroy());
      accepted.push(stream);
    },
  });
  return { accepted, listener, [Symbol.asyncDispose]: () => listener.close() };
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'none';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const halfClose: Check = {
  name: '500 half-closes: the answer arrives after our end',
  async run(target) {
    await using _peer = await startPeer(target);
    const count = Math.round(500 * target.scale);
    const before = openSockets();
    for (let n = 0; n < count; n++) {
      const stream = await dial(target);
      stream.end(`S${n}`);
      ensure((await readAll(stream)).length === 32, `no answer to half-close ${n}`);
    }
    await until('every descriptor closed', () => openSockets() <= before);
    return { count };
  },
};

const destroys: Check = {
  name: '500 destroys: the peer sees each, no descriptor stays',
  async run(target) {
    await using server = listenHere(target);
    const count = Math.round(500 * target.scale);
    const before = openSockets();
    let closed = 0;
    for (let n = 0; n < count; n++) {
      const stream = await dial(target);
      stream.on('error', () => undefined);
      if (n % 3 > 0) stream.write(Buffer.alloc(n % 3 === 1 ? 10 : 200_000));
      await until('the connection accepted', () => server.accepted.length > n);
      server.accepted[n]?.resume().once('close', () => closed++);
      stream.destroy();
    }
    await until('the peer told of every destroy', () => closed === count);
    await until('every descriptor closed', () => openSockets() <= before);
    return { count };
  },
};

const goneWhileStalled: Check = {
  name: 'a peer that goes while it owes us room, and we leave its bytes unread, is noticed',
  async run(target) {
    await using peer = await startPeer(target);
    const before = openSockets();
    const stream = await dial(target);
    stream.on('error', () => undefined);
    const closed = new Promise<boolean>((resolve) => stream.once('close', () => resolve(true)));
    // The peer sends without end and nobody here reads; it is stopped, so that our bytes stay with it.
    const request = Buffer.alloc(9);
    request.write('G');
    request.writeBigUInt64BE(BigInt(1e9), 1);
    stream.write(request);
    await until('bytes that nobody reads', () => stream.read(0) !== null || stream.readableLength > 0);
    peer.child.kill('SIGSTOP');
    const chunk = Buffer.alloc(65_536);
    for (let hasRoom = true; hasRoom; ) {
      hasRoom =
        stream.write(chunk) ||
        (await Promise.race([once(stream, 'drain').then(() => true), sleep(500, false)]));
    }
    const started = performance.now();
    peer.child.kill('SIGKILL');
    ensure(await Promise.race([closed, sleep(15_000, false)]), 'the stream of a peer that is gone stays');
    await until('the descriptor closed', () => openSockets() < before + 1);
    return { noticedMs: Math.round(performance.now() - started) };
  },
};

const idle: Check = {
  name: '200 idle connections need no thread',
  async run(target) {
    await using server = listenHere(target);
    const before = { sockets: openSockets(), threads: threadCount() };
    const streams: VsockStream[] = [];
    for (let n = 0; n < 200; n++) streams.push(await dial(target));
    await until('200 accepted', () => server.accepted.length === 200);
    ensure(threadCount() <= before.threads, `${threadCount()} threads, ${before.threads} before`);
    const cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const used = process.cpuUsage(cpu);
    const cpuMs = Math.round((used.user + used.system) / 1000);
    ensure(cpuMs < 300, `idle connections used ${cpuMs} ms of CPU in a second`);
    for (const stream of [...streams, ...server.accepted]) stream.destroy();
    await until('every descriptor closed', () => openSockets() <= before.sockets);
    return { threads: before.threads, cpuMs };
  },
};

const refusals: Check = {
  name: 'errors carry the errno: nobody listens, port taken, listener closed',
  async run(target) {
    const refused = await codeOf(() => dial(target));
    ensure(refused === target.refusedCode, `connecting to nobody gave ${refused}`);
    const server = listenHere(target);
    const taken = await codeOf(async () => listenHere(target));
    ensure(taken === 'EADDRINUSE', `listening twice gave ${taken}`);
    const stream = await dial(target);
    await server.listener.close();
    const closed = await codeOf(() => dial(target));
    ensure(closed === target.refusedCode, `connecting to a closed listener gave ${closed}`);
    stream.destroy();
    await using _again = listenHere(target);
    return { refused, taken, closed };
  },
};

const limit: Check = {
  name: 'connections over the limit are closed, those below it live',
  async run(target) {
    await using server = listenHere(target, 2);
    const streams = [await dial(target), await dial(target)];
    await until('two accepted', () => server.accepted.length === 2);
    const third = await dial(target);
    third.on('error', () => undefined).resume();
    await once(third, 'close');
    ensure(server.accepted.length === 2, 'the third connection was served');
    ensure(
      server.accepted.every((stream) => !stream.destroyed),
      'an older connection was closed',
    );
    for (const stream of streams) stream.destroy();
    await until('two closed', () => server.accepted.every((stream) => stream.resume().destroyed));
    const next = await dial(target);
    await until('the next accepted', () => server.accepted.length === 3);
    next.destroy();
    return {};
  },
};

const exhaustion: Check = {
  name: 'out of descriptors: no spin, the waiting connection is served later',
  async run(target) {
    await using server = listenHere(target);
    const held: number[] = [];
    for (;;) {
      try {
        held.push(openSync('/dev/null', 'r'));
      } catch {
        break;
      }
    }
    closeSync(held.pop() ?? -1);
    const stream = await dial(target);
    const cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const used = process.cpuUsage(cpu);
    const acceptedEarly = server.accepted.length;
    for (const fd of held) closeSync(fd);
    const cpuMs = Math.round((used.user + used.system) / 1000);
    ensure(acceptedEarly === 0, 'a connection was accepted without a descriptor');
    ensure(cpuMs < 250, `waiting for a descriptor used ${cpuMs} ms of CPU in 500 ms`);
    await until('the connection accepted', () => server.accepted.length === 1);
    stream.destroy();
    return { held: held.length, cpuMs };
  },
};

const closeOnExec: Check = {
  name: 'a child process inherits no socket',
  async run(target) {
    await using server = listenHere(target);
    const stream = await dial(target);
    await until('the connection accepted', () => server.accepted.length === 1);
    const program = `const fs=require('fs');let n=0;for(const f of fs.readdirSync('/proc/self/fd'))try{if(fs.readlinkSync('/proc/self/fd/'+f).startsWith('socket:'))n++}catch{}process.stdout.write(String(n))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program]);
    // Node gives a child its standard streams as socket pairs.
    ensure(Number(stdout) <= 3, `${stdout} sockets in the child`);
    stream.destroy();
    return {};
  },
};

const workerEnd: Check = {
  name: 'a worker that is terminated closes its sockets',
  async run(target) {
    await using server = listenHere(target);
    const before = openSockets();
    const { url, options } = programBeside('worker-dials');
    const worker = new Worker(url, {
      workerData: { addonFile: target.addonFile, cid: target.dialCid, port: target.port },
      ...options,
    });
    await once(worker, 'message');
    await until('the connections accepted', () => server.accepted.length === 3);
    await worker.terminate();
    await until('the peer told', () => server.accepted.every((stream) => stream.resume().destroyed));
    ensure(openSockets() <= before, 'descriptors stay after the worker');
    return {};
  },
};

/** How sockets begin and end. */
export const lifecycleChecks: readonly Check[] = [
  halfClose,
  destroys,
  goneWhileStalled,
  idle,
  refusals,
  limit,
  exhaustion,
  closeOnExec,
  workerEnd,
];
