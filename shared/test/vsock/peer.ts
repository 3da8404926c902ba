// The other process of a check. usage: node peer.ts ADDON_FILE KIND CID PORT   (KIND: vsock | unix)
// First byte of a connection chooses: E echo, S read everything and answer its SHA-256, L the same for as many bytes as the next 8 say, G send as many bytes as the next 8 say.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { loadVsockAddon } from '@strongroom/shared/transport/vsock-addon';
import { listenStreams } from '@strongroom/shared/transport/vsock-listener';

const CHUNK = Buffer.alloc(65_536, 0x5a);

/** Serves one connection of a check. */
export function servePeer(stream: Duplex): void {
  stream.on('error', () => stream.destroy());
  stream.once('data', (first: Buffer) => {
    const rest = first.subarray(1);
    const kind = String.fromCharCode(first[0] ?? 0);
    if (kind === 'E') echo(stream, rest);
    else if (kind === 'S') digest(stream, rest);
    else if (kind === 'L') digestOf(stream, rest);
    else if (kind === 'G') void generate(stream, Number(rest.readBigUInt64BE(0)));
    else stream.destroy();
  });
}

function echo(stream: Duplex, first: Buffer): void {
  if (first.length > 0) stream.write(first);
  stream.pipe(stream);
}

function digest(stream: Duplex, first: Buffer): void {
  const hash = createHash('sha256').update(first);
  stream.on('data', (bytes: Buffer) => hash.update(bytes));
  stream.on('end', () => stream.end(hash.digest()));
}

function digestOf(stream: Duplex, first: Buffer): void {
  const hash = createHash('sha256');
  let missing = Number(first.readBigUInt64BE(0));
  const take = (bytes: Buffer) => {
    hash.update(bytes);
    missing -= bytes.length;
    if (missing === 0) stream.write(hash.digest());
  };
  take(first.subarray(8));
  stream.on('data', take);
}

async function generate(stream: Duplex, total: number): Promise<void> {
  for (let left = total; left > 0 && !stream.destroyed; ) {
    const size = Math.min(left, CHUNK.length);
    left -= size;
    if (!stream.write(CHUNK.subarray(0, size))) {
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve);
        stream.once('close', resolve);
      });
    }
  }
  stream.end();
}

if (import.meta.main) {
  const [addonFile = '', kind = '', cid = '', port = ''] = process.argv.slice(2);
  if (kind === 'unix') {
    createServer({ allowHalfOpen: true }, servePeer).listen(`\0strongroom-peer-${port}`);
  } else {
    const addon = loadVsockAddon(addonFile);
    listenStreams(addon, {
      cid: Number(cid),
      port: Number(port),
      maxConnections: 1000,
      allowHalfOpen: true,
      onConnection: servePeer,
    });
  }
  process.send?.('ready');
  process.on('disconnect', () => process.exit(0));
}
