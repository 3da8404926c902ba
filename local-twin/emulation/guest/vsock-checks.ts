// Runs in the guest of level A: every behaviour of the vsock streams, at full size, over the kernel's AF_VSOCK loopback.

import { VMADDR_CID_ANY, VMADDR_CID_LOCAL } from '@strongroom/shared/transport/vsock';
import { loadVsockAddon } from '@strongroom/shared/transport/vsock-addon';
import { lifecycleChecks } from '../../../shared/test/vsock/lifecycle-checks.ts';
import { openSockets } from '../../../shared/test/vsock/process-state.ts';
import { transferChecks } from '../../../shared/test/vsock/transfer-checks.ts';

const addonFile = 'vsock.node';
const addon = loadVsockAddon(addonFile);
const before = openSockets();
let port = 7000;

for (const check of [...lifecycleChecks, ...transferChecks]) {
  const target = {
    addon,
    addonFile,
    listenCid: VMADDR_CID_ANY,
    dialCid: VMADDR_CID_LOCAL,
    port: port++,
    refusedCode: 'ECONNRESET',
    scale: 1,
  };
  const started = performance.now();
  let outcome: object;
  try {
    outcome = { measured: await check.run(target) };
  } catch (error) {
    outcome = { error: String(error) };
  }
  const ms = Math.round(performance.now() - started);
  console.log(`CHECK ${JSON.stringify({ name: check.name, ms, ...outcome })}`);
}
console.log(`DESCRIPTORS ${JSON.stringify({ before, after: openSockets() })}`);
