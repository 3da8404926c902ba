import { serveConnection } from '@strongroom/shared/channel/operation-server';
import { tcpListen } from '@strongroom/shared/transport/dev/tcp';
import type { CborValue } from '@strongroom/shared/wire/cbor';

// An enclave that is always ready and signs nothing: what remains is the proxy's own work.
const STATUS = {
  phase: 'ready',
  reason: null,
  bootId: new Uint8Array(16),
  deploymentId: null,
  generation: 1,
  credentialsExpireAtMs: Number.MAX_SAFE_INTEGER,
};
const ANSWER = { status: 200, body: Buffer.from(`{"signature":"0x${'ab'.repeat(65)}"}`) };

await tcpListen(0, (port) => process.send?.(port))((stream) => {
  serveConnection(stream, {
    handle: async ({ id, op }) => ({ id, ok: (op === 'get-status' ? STATUS : ANSWER) as CborValue }),
    maxInFlight: 256,
  });
}, 4);
