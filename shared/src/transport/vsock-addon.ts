import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { getSystemErrorName } from 'node:util';

/** Bits of `VsockSocket.watch`, as in uv.h. */
export const READABLE = 1;
export const WRITABLE = 2;

/** What a socket reports; status is a negated errno on failure. */
export const EVENT_WRITABLE = 0;
/** status: bytes received, 0 at the end of the stream; payload: the bytes. */
export const EVENT_DATA = 1;
/** status: the peer's CID; payload: its `VsockSocket`. */
export const EVENT_CONNECTION = 2;

export type VsockEventHandler = (event: number, status: number, payload: unknown) => void;

/** One socket of shared/native/vsock.c. Every method returns a negated errno on failure and none throws. */
export interface VsockSocket {
  onEvent(handler: VsockEventHandler): number;
  listen(cid: number, port: number, backlog: number): number;
  connect(cid: number, port: number, timeoutMs: number): number;
  error(): number;
  send(bytes: Uint8Array, offset: number): number;
  watch(events: number): number;
  shutdown(): number;
  close(): number;
}

export interface VsockAddon {
  readonly VsockSocket: new () => VsockSocket;
}

/** Loads the addon that `shared/native/build.ts` made. @throws Error when it was not built on this machine */
export function loadVsockAddon(fileName = 'vsock.node'): VsockAddon {
  // This module runs from src/transport and, compiled, from dist/src/transport.
  const source = resolve(import.meta.dirname, '..');
  const parent = dirname(source);
  const workspace = basename(parent) === 'dist' ? dirname(parent) : parent;
  return createRequire(import.meta.url)(resolve(workspace, 'native/build', fileName)) as VsockAddon;
}

/** A failed system call in the form of Node's own: `code` is the errno's name, for example ECONNRESET. */
export class VsockSystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    const code = getSystemErrorName(errno);
    super(`${syscall} ${code}`);
    this.name = 'VsockSystemError';
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}
