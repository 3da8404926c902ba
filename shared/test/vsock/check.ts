import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { VsockAddon } from '@strongroom/shared/transport/vsock-addon';
import { connectStream, type VsockStream } from '@strongroom/shared/transport/vsock-stream';

/** What a check runs against: a build of the addon and the CID under which this machine reaches itself. */
export interface CheckTarget {
  readonly addon: VsockAddon;
  readonly addonFile: string;
  readonly listenCid: number;
  readonly dialCid: number;
  /** Ports from here on are free. */
  readonly port: number;
  /** Errno of a connection to a port where nobody listens: ECONNRESET on vsock, ECONNREFUSED on AF_UNIX. */
  readonly refusedCode: string;
  /** Scales the amounts: 1 is what must hold. */
  readonly scale: number;
}

/** One behaviour that must hold; returns what it measured and throws when it does not hold. */
export interface Check {
  readonly name: string;
  run(target: CheckTarget): Promise<Record<string, number | string>>;
}

export function dial(target: CheckTarget, timeoutMs = 5000): Promise<VsockStream> {
  return connectStream(target.addon, { cid: target.dialCid, port: target.port, timeoutMs });
}

/** A program of this folder and how Node starts it: from its source, or, compiled as in a guest, as this process was started. */
export function programBeside(name: string): {
  readonly url: URL;
  readonly options: { readonly execArgv?: string[] };
} {
  const isCompiled = import.meta.filename.endsWith('.js');
  const url = new URL(`./${name}.${isCompiled ? 'js' : 'ts'}`, import.meta.url);
  return { url, options: isCompiled ? {} : { execArgv: ['--conditions=source', '--no-warnings'] } };
}

/** A peer process that ends with `await using`. */
export async function startPeer(target: CheckTarget, kind: 'vsock' | 'unix' = 'vsock') {
  const args = [target.addonFile, kind, String(target.listenCid), String(target.port)];
  const { url, options } = programBeside('peer');
  const child: ChildProcess = fork(url, args, options);
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the peer process ended'))),
  ]);
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** The AF_UNIX stream of node:net to a peer of kind `unix`, the yardstick for speed. */
export async function dialUnix(target: CheckTarget): Promise<Duplex> {
  const socket = connect(`\0strongroom-peer-${target.port}`);
  await once(socket, 'connect');
  return socket;
}

/** Writes with back-pressure. */
export async function writeAll(stream: Duplex, bytes: Uint8Array): Promise<void> {
  if (!stream.write(bytes)) await once(stream, 'drain');
}

/** Everything that the peer sends until its end. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
