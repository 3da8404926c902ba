// The guest of level B: serves the peer of the vsock checks, and dials the host.

import { VMADDR_CID_ANY } from '@strongroom/shared/transport/vsock';
import { loadVsockAddon } from '@strongroom/shared/transport/vsock-addon';
import { listenStreams } from '@strongroom/shared/transport/vsock-listener';
import { connectStream } from '@strongroom/shared/transport/vsock-stream';
import { servePeer } from '../../../shared/test/vsock/peer.ts';

const HOST_CID = 2;
/** Nobody answers for it: the device drops packets to a machine that it does not have. */
const UNKNOWN_CID = 77;
const addon = loadVsockAddon('vsock.node');

async function dial(cid: number, port: number, timeoutMs: number): Promise<string> {
  try {
    const stream = await connectStream(addon, { cid, port, timeoutMs });
    stream.end('from the guest');
    stream.resume();
    return 'connected';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

listenStreams(addon, {
  cid: VMADDR_CID_ANY,
  port: 5000,
  maxConnections: 100,
  allowHalfOpen: true,
  onConnection: servePeer,
});
console.log('PEER ready');
const host = await dial(HOST_CID, 6000, 5000);
const started = performance.now();
const unknownCid = await dial(UNKNOWN_CID, 6000, 500);
const unknownCidMs = Math.round(performance.now() - started);
console.log(`PEER dialled ${JSON.stringify({ host, unknownCid, unknownCidMs })}`);
console.log('PEER done');
