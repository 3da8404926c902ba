// Starts the image that `make eif` built and stays until it ends or is interrupted. usage: node scripts/enclave-image/run-enclave.ts DIR
// On Nitro: nitro-cli. Elsewhere: QEMU's nitro-enclave machine, whose listener is then reached through a socket of vhost-device-vsock.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { prepareGround } from '../../local-twin/emulation/ground.ts';
import { GUEST_CID, startHostVsock } from '../../local-twin/emulation/host-vsock.ts';
import { bootEnclave, scratchDir } from '../../local-twin/emulation/machine.ts';

const MIB = 1024 * 1024;
const MIN_MEMORY_MIB = 640;
const PROCESSORS = 2;

/** Memory for an image: AWS asks for four times its size, in steps of the huge pages that hold it. */
function memoryMiB(eifFile: string): number {
  return Math.max(MIN_MEMORY_MIB, Math.ceil((4 * statSync(eifFile).size) / (2 * MIB)) * 2);
}

function runOnNitro(eifFile: string): number {
  const options = [
    '--memory',
    String(memoryMiB(eifFile)),
    '--cpu-count',
    String(PROCESSORS),
    '--enclave-cid',
    String(GUEST_CID),
  ];
  const { status } = spawnSync(
    'nitro-cli',
    ['run-enclave', '--eif-path', eifFile, '--enclave-name', 'strongroom', ...options],
    {
      stdio: 'inherit',
    },
  );
  return status ?? 1;
}

async function runOnQemu(eifFile: string): Promise<void> {
  const ground = await prepareGround();
  using dir = scratchDir();
  await using host = await startHostVsock(ground, dir.path);
  await using enclave = await bootEnclave(ground, dir.path, {
    eifFile,
    memoryMiB: memoryMiB(eifFile),
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
}

const [image = ''] = process.argv.slice(2).map((dir) => resolve(dir));
const nitro = join(image, 'enclave.eif');
const emulation = join(image, 'enclave-emulation-only.eif');
if (existsSync(nitro)) process.exitCode = runOnNitro(nitro);
else if (existsSync(emulation)) await runOnQemu(emulation);
else {
  console.error('There is no image: run "make eif CONFIG=<measured configuration>" first.');
  process.exitCode = 2;
}
