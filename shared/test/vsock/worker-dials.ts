// Opens three connections in a worker thread and waits to be terminated.
import { parentPort, workerData } from 'node:worker_threads';
import { loadVsockAddon } from '@strongroom/shared/transport/vsock-addon';
import { connectStream } from '@strongroom/shared/transport/vsock-stream';

const { addonFile, cid, port } = workerData as { addonFile: string; cid: number; port: number };
const addon = loadVsockAddon(addonFile);
for (let n = 0; n < 3; n++) (await connectStream(addon, { cid, port, timeoutMs: 5000 })).resume();
parentPort?.postMessage('connected');
