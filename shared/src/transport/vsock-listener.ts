import type { Listener } from './connection.ts';
import { READABLE, type VsockAddon, type VsockSocket, VsockSystemError } from './vsock-addon.ts';
import { VsockStream } from './vsock-stream.ts';

const BACKLOG = 511;
// After the process ran out of descriptors the kernel would report the waiting connection again at once, for ever.
const EXHAUSTED_PAUSE_MS = 100;

export interface VsockListenOptions {
  /** CID to listen on; VMADDR_CID_ANY (0xffffffff) takes connections to every CID of this machine. */
  readonly cid: number;
  readonly port: number;
  /** Connections beyond it are closed as soon as they are accepted. */
  readonly maxConnections: number;
  /** As in node:net: false (the default) ends our side when the peer ends its own. */
  readonly allowHalfOpen?: boolean;
  readonly onConnection: (stream: VsockStream) => void;
}

/**
 * Listens until closed, which also destroys the connections that it accepted.
 * @throws VsockSystemError EADDRINUSE when the port is taken, EAFNOSUPPORT or ENODEV where there is no vsock
 */
export function listenStreams(addon: VsockAddon, options: VsockListenOptions): Listener {
  const socket = new addon.VsockSocket();
  const result = socket.listen(options.cid, options.port, BACKLOG);
  if (result !== 0) throw new VsockSystemError('listen', result);
  let pause: NodeJS.Timeout | undefined;
  const live = new Set<VsockStream>();

  const accept = (peer: VsockSocket, cid: number) => {
    if (live.size >= options.maxConnections) {
      peer.close();
      return;
    }
    const stream = new VsockStream(peer, cid, options.allowHalfOpen ?? false);
    live.add(stream);
    stream.once('close', () => live.delete(stream));
    options.onConnection(stream);
  };

  socket.onEvent((_event, status, payload) => {
    if (status >= 0 && payload !== undefined) {
      accept(payload as VsockSocket, status);
      return;
    }
    // Out of descriptors or memory: the ones in use will be given back. The waiting peers meet their own timeouts.
    socket.watch(0);
    pause = setTimeout(() => socket.watch(READABLE), EXHAUSTED_PAUSE_MS);
  });
  const watching = socket.watch(READABLE);
  if (watching !== 0) {
    socket.close();
    throw new VsockSystemError('listen', watching);
  }
  return {
    async close() {
      clearTimeout(pause);
      socket.close();
      for (const stream of live) stream.destroy();
    },
  };
}
