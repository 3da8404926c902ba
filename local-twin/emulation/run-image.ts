// Starts the image that `make eif` built without nitro-cli, and stays until it ends or is interrupted: QEMU's nitro-enclave machine, whose
// listener is then reached through a socket of vhost-device-vsock. usage: node local-twin/emulation/run-image.ts DIR
import { join, resolve } from 'node:path';
import { enclaveMemoryMiB } from '../../scripts/enclave-image/enclave-memory.ts';
import { prepareGround } from './ground.ts';
import { startHostVsock } from './host-vsock.ts';
import { bootEnclave, scratchDir } from './machine.ts';

const eifFile = join(resolve(process.argv[2] ?? '.'), 'enclave-emulation-only.eif');
const ground = await prepareGround();
using dir = scratchDir();
await using host = await startHostVsock(ground, dir.path);
await using enclave = await bootEnclave(ground, dir.path, {
  eifFile,
  memoryMiB: enclaveMemoryMiB(eifFile),
  vsock: host,
});
console.log(`The emulated enclave runs. Its console: ${enclave.logFile}`);
console.log(
  `Its vsock ports: connect to ${join(dir.path, 'vm.vsock')} and send "CONNECT <port>". Ctrl-C ends it.`,
);
await Promise.race([
  new Promise((resolve_) => process.once('SIGINT', resolve_)),
  new Promise((resolve_) => process.once('SIGTERM', resolve_)),
  enclave.waitForEnd(2 ** 31 - 1),
]);
