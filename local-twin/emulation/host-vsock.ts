import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Dialer } from '@strongroom/shared/transport/connection';
import type { Ground } from './ground.ts';
import { startProcess } from './process.ts';

export const GUEST_CID = 16;
/** CID of the host as guests of vhost-device-vsock see it; on Nitro the parent is 3. */
export const HOST_CID = 2;
const HEARTBEAT_PORT = 9000;
const CLOCK_PORT = 9001;

/** The host's end of one guest's vsock device. */
export interface HostVsock extends AsyncDisposable {
  readonly vhostSocket: string;
  readonly log: () => string;
  /** Dials a port of the guest. */
  dialer(port: number, timeoutMs: number): Dialer;
  /** Takes the guest's connections to a port of the host. */
  listen(port: number, onConnection: (socket: Socket) => void): Promise<void>;
}

/** Starts vhost-device-vsock for one guest; its sockets lie in `dir`. */
export async function startHostVsock(ground: Ground, dir: string): Promise<HostVsock> {
  const vhostSocket = join(dir, 'vhost.sock');
  const udsPath = join(dir, 'vm.vsock');
  const servers: Server[] = [];
  const device = startProcess(
    [...ground.vhostDeviceVsock, '--vm', `guest-cid=${GUEST_CID},socket=${vhostSocket},uds-path=${udsPath}`],
    join(dir, 'vhost-device-vsock.log'),
    { RUST_LOG: 'warn' },
  );
  for (let n = 0; !existsSync(vhostSocket); n++) {
    if (n === 200 || !device.isRunning())
      throw new Error(`vhost-device-vsock did not start: ${device.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async function listen(port: number, onConnection: (socket: Socket) => void): Promise<void> {
    const server = createServer(onConnection).listen(`${udsPath}_${port}`);
    servers.push(server);
    await once(server, 'listening');
  }

  await listen(HEARTBEAT_PORT, (socket) => socket.on('error', () => undefined).pipe(socket));
  await listen(CLOCK_PORT, (socket) => socket.on('error', () => undefined).end(timeNow()));
  return {
    vhostSocket,
    log: device.log,
    dialer: (port, timeoutMs) => ({ dial: () => dialGuest(udsPath, port, timeoutMs) }),
    listen,
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
      await device[Symbol.asyncDispose]();
    },
  };
}

/** Milliseconds since 1970, as 8 bytes with the highest first. */
function timeNow(): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(Date.now()));
  return bytes;
}

/** Firecracker's hybrid handshake: "CONNECT <port>\n" is answered by "OK <number>\n", or the socket is closed when nobody listens. */
async function dialGuest(udsPath: string, port: number, timeoutMs: number): Promise<Socket> {
  const socket = connect({ path: udsPath });
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    await once(socket, 'connect', { signal });
    socket.write(`CONNECT ${port}\n`);
    await readGreeting(socket, signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function readGreeting(socket: Socket, signal: AbortSignal): Promise<void> {
  let text = '';
  // Byte by byte: what follows the line belongs to the caller.
  while (!text.endsWith('\n') && text.length < 32) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) text += byte.toString('latin1');
    else if (socket.readableEnded || socket.destroyed) throw new VsockDeviceError('ECONNRESET');
    else await Promise.race(['readable', 'end', 'close'].map((event) => once(socket, event, { signal })));
  }
  if (!/^OK \d+\n$/.test(text)) throw new VsockDeviceError('EPROTO');
}

/** A refusal of the vsock device, with the errno that a socket would show. */
class VsockDeviceError extends Error {
  readonly code: 'ECONNRESET' | 'EPROTO';
  constructor(code: 'ECONNRESET' | 'EPROTO') {
    super(`vsock device: ${code}`);
    this.name = 'VsockDeviceError';
    this.code = code;
  }
}
