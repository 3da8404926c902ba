import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Dialer, Listen } from '../connection.ts';

/** The developers' stand-in for vsock: TCP on the loopback interface. Never part of the enclave image. */
export function tcpDialer(port: number, { host = '127.0.0.1', timeoutMs = 3000 } = {}): Dialer {
  return {
    async dial() {
      const socket = connect({ host, port, noDelay: true });
      try {
        await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
      } catch (error) {
        socket.destroy();
        throw error;
      }
      return socket;
    },
  };
}

/** Listens on the loopback interface; `port` 0 takes a free one and `onListening` is told which. */
export function tcpListen(port: number, onListening?: (port: number) => void): Listen {
  return async (onConnection, maxConnections) => {
    const open = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      onConnection(socket);
    });
    server.maxConnections = maxConnections;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') onListening?.(address.port);
    return {
      async close() {
        server.close();
        for (const socket of open) socket.destroy();
        await once(server, 'close');
      },
    };
  };
}
