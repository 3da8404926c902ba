import type { Dialer, Listen } from './connection.ts';
import { loadVsockAddon } from './vsock-addon.ts';
import { listenStreams } from './vsock-listener.ts';
import { connectStream, type VsockTarget } from './vsock-stream.ts';

/** Takes connections to whatever CID this machine has. */
export const VMADDR_CID_ANY = 0xffff_ffff;
/** This machine itself, where the kernel has vsock_loopback. */
export const VMADDR_CID_LOCAL = 1;
/** The parent instance of a Nitro Enclave. */
export const PARENT_CID = 3;

/** Dials a vsock peer. @throws Error when the addon was not built on this machine */
export function vsockDialer(target: VsockTarget): Dialer {
  const addon = loadVsockAddon();
  return { dial: () => connectStream(addon, target) };
}

/** Listens on a vsock port of this machine. @throws Error when the addon was not built on this machine */
export function vsockListen(port: number, cid: number = VMADDR_CID_ANY): Listen {
  const addon = loadVsockAddon();
  return async (onConnection, maxConnections) =>
    listenStreams(addon, { cid, port, maxConnections, onConnection });
}
