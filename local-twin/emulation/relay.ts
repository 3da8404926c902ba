import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HostVsock } from './host-vsock.ts';

const DIAL_TIMEOUT_MS = 3000;

/** A TCP port on 127.0.0.1 whose connections end in the guest. */
export interface GuestRelay extends AsyncDisposable {
  readonly port: number;
  /** Dials the guest of another boot from now on, and drops the connections to the one before. */
  switchTo(host: HostVsock): void;
}

/** Joins two streams until either ends. */
export function joinStreams(a: Duplex, b: Duplex): void {
  const ended = () => {
    a.destroy();
    b.destroy();
  };
  pipeline(a, b, a).then(ended, ended);
}

/** Lets the guest reach a TCP port of this machine, as AWS's vsock-proxy does. */
export async function relayFromGuest(host: HostVsock, vsockPort: number, tcpPort: number): Promise<void> {
  await host.listen(vsockPort, (socket) =>
    joinStreams(socket, connect({ host: '127.0.0.1', port: tcpPort, noDelay: true })),
  );
}

/** Gives the guest's listener a TCP port, for a proxy that dials TCP. */
export async function relayToGuest(first: HostVsock, vsockPort: number): Promise<GuestRelay> {
  let host = first;
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    host
      .dialer(vsockPort, DIAL_TIMEOUT_MS)
      .dial()
      .then(
        (guest) => joinStreams(socket, guest),
        () => socket.destroy(),
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dropAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    switchTo(next) {
      host = next;
      dropAll();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      dropAll();
      await once(server, 'close');
    },
  };
}
